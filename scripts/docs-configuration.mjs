/**
 * Makes docs/configuration.md from the schemas in packages/runtime/src/config.
 *
 * node scripts/docs-configuration.mjs          write
 * node scripts/docs-configuration.mjs --check  exit 1 when the file is not what the schemas give
 */
import { fileURLToPath } from 'node:url'
import { writeOrCheck } from './docs-generated.mjs'
import { loadFieldDocs } from './field-docs.mjs'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

const {
  clientFields,
  workFields,
  writerFields,
  readerFields,
  readerSharedFields,
  ownedProperties,
  writerOwnedProperties,
} = await loadFieldDocs()
writeOrCheck(path('../docs/configuration.md'), page(), 'node scripts/docs-configuration.mjs')

function page() {
  const groups = groupBy(workFields)
  return `<!-- Generated from packages/runtime/src/config by scripts/docs-configuration.mjs. Do not edit. -->

# Configuration

\`\`\`ts
import { createClient } from '@zk/runtime'

const client = createClient({ bootstrapServers: ['localhost:9092'] })
const work = client.workFactory().create({
  topic: 'orders',
  groupId: 'billing',
  processor: new URL('./processor.js', import.meta.url),
})
\`\`\`

Fields that end in \`Ms\` are milliseconds. Everything is checked before anything starts: an error lists all problems with their paths, and an unknown field is one of them. What \`workFactory\` and \`run\` are called with is checked in the same way; the types \`WorkFactoryOptions\` and \`RunOptions\` say what that may be.

Some fields limit each other:

- \`drainTimeoutMs\` + \`graceMs\` must be less than \`maxPollIntervalMs\`, or the group takes the partitions before they are drained.
- \`sessionTimeoutMs\` must not exceed \`maxPollIntervalMs\`.
- \`sasl\` and \`tls\` must not be given together with what they say in \`additionalProps\` (\`security.protocol\`, \`sasl.mechanism\`, \`sasl.username\`, \`sasl.password\`, \`ssl.ca.*\`, \`ssl.certificate.*\`, \`ssl.key.*\`, \`enable.ssl.certificate.verification\`, \`ssl.endpoint.identification.algorithm\`).
- With \`groupProtocol: 'consumer'\`, \`sessionTimeoutMs\`, \`assignmentStrategy\` and the property \`heartbeat.interval.ms\` must not be given: the brokers decide them.

## Client

${clientFields.map(section).join('\n\n')}

${[...groups].map(([group, fields]) => `## ${group}\n\n${fields.map(section).join('\n\n')}`).join('\n\n')}

## Writers

What \`client.writer\` takes. A value that the client's \`additionalProps\` have for \`delivery.timeout.ms\`, \`linger.ms\`, \`socket.nagle.disable\` or \`partitioner\` is the default of the field for it. [Readers and writers](guides/readers-and-writers.md) says how they are used.

${writerFields.map(section).join('\n\n')}

## Readers

What \`client.reader\` takes: of the fields of a work above ${list(readerSharedFields)}, and these.

${readerFields.map(section).join('\n\n')}

## Properties that cannot be given

These belong to the runtime, in \`additionalProps\` of a client and of a work:

| Property | Why |
|---|---|
${ownedProperties.map(([name, why]) => `| \`${name}\` | ${why} |`).join('\n')}
| \`go.*\` | they belong to librdkafka's Go client |

These have a field of a writer, or no place in one, and cannot be given in the \`additionalProps\` of a writer besides:

| Property | Why |
|---|---|
${writerOwnedProperties.map(([name, why]) => `| \`${name}\` | ${why} |`).join('\n')}

The runtime also sends \`fetch.queue.backoff.ms\` 10 (librdkafka: 1,000), so that fetching goes on as soon as there is room, \`queued.min.messages\` 50,000 (librdkafka: 100,000), \`fetch.max.bytes\` 2 MiB (librdkafka: 50 MiB; more may pay where a broker is tens of milliseconds away), without a \`fetch.min.bytes\` \`fetch.wait.max.ms\` 50 (librdkafka: 500), because a fetch that waits for records of idle partitions holds up busy ones of its broker (with hundreds of idle consumers a higher one spares the brokers), and, in the protocol \`classic\`, \`heartbeat.interval.ms\` 1,000 (librdkafka: 3,000), by which members hear of a rebalance; all of them may be given.

## Coming from zkafka

Most defaults are those of zkafka; [Coming from zkafka](guides/from-zkafka.md) has each name and both defaults.
`
}

function section({ name, description, expected, default: normal, change }) {
  const facts = [`Expected: ${expected}.`, normal === undefined ? undefined : `Default: ${normal}.`]
  const when = change === 'Required.' || change.endsWith('is required.') ? change : `Change it: ${lower(change)}`
  return `### ${name}\n\n${description}\n\n${facts.filter(Boolean).join(' ')}\n\n${when}`
}

/** As the continuation of a sentence, but for a code span and for names. */
function lower(text) {
  return /^[A-Z][a-z]/.test(text) ? text[0].toLowerCase() + text.slice(1) : text
}

function list(names) {
  const code = names.map((name) => `\`${name}\``)
  return `${code.slice(0, -1).join(', ')} and ${code.at(-1)}`
}

function groupBy(fields) {
  const groups = new Map()
  for (const field of fields) groups.set(field.group, [...(groups.get(field.group) ?? []), field])
  return groups
}
