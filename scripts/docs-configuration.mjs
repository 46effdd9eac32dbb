/**
 * Makes docs/configuration.md from the schemas in packages/runtime/src/config.
 *
 * node scripts/docs-configuration.mjs          write
 * node scripts/docs-configuration.mjs --check  exit 1 when the file is not what the schemas give
 */
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { writeOrCheck } from './docs-generated.mjs'

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

/** From the sources, not from dist: a page made from a stale build would pass its own check. */
async function loadFieldDocs() {
  const { buildSync } = createRequire(path('../packages/runtime/package.json'))('esbuild')
  const { outputFiles } = buildSync({
    entryPoints: [path('../packages/runtime/src/config/field-docs.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

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

The runtime also sends \`fetch.queue.backoff.ms\` 10 (librdkafka: 1,000), so that fetching goes on as soon as there is room, \`queued.min.messages\` 50,000 (librdkafka: 100,000), and, in the protocol \`classic\`, \`heartbeat.interval.ms\` 1,000 (librdkafka: 3,000), by which members hear of a rebalance; all of them may be given.

## Coming from zkafka

Most defaults are those of zkafka. These are not:

| Field | zkafka | Here | Why |
|---|---|---|---|
| \`speedup\` | 1 | the available CPUs, capped by the container's CPU quota | worker threads are what this runtime is for. Node 20 does not see CPU quotas, so the runtime reads them itself; the start log says where the number came from |
| \`concurrency\` | none | 1 | a thread can have messages of several keys in progress, for handlers that wait |
| \`ordering\` | virtual partition | \`'key'\` | only records of one key need each other's order; \`'partition'\` is stricter, \`'none'\` is free |
| format of the processor | JSON | none: \`message.value\` is the Buffer | a topic of other bytes must not fail by default |
| \`autoOffsetReset\` | latest | earliest | with latest, records written to a new partition before the consumer discovers it are skipped |
| \`assignmentStrategy\` | range, roundrobin | cooperative-sticky | a rebalance moves few partitions, and the others go on. A group that rolls over from zkafka sets \`'range,roundrobin'\` until all members are here: eager and cooperative members cannot be in one group |
| \`sessionTimeoutMs\`, \`maxPollIntervalMs\` | 61 s, 61 s | 45 s, 300 s (librdkafka's) | handlers cannot hold up polling here, so a dead process may be noticed sooner, and nothing needs a short poll interval |
| \`autoCommitIntervalMs\` | 5 s | 1 s | what a crash repeats is what was finished since the last commit, and at full speed five seconds are millions of records; one request a second costs nothing |
| hash of the key | FNV-1a | murmur2, mixed once more | producers place records by murmur2; without the second mixing a consumer of some of the partitions would reach only some of its threads |
| \`readTimeoutMs\` | 1 s | not a field | the reader waits for the first record and then takes what is there; \`reader.read\` takes \`timeoutMs\` |
| format of a reader or writer | JSON | none: Buffers, and texts for a writer | the same as of a processor |
| \`requestRequiredAcks\` with fewer than all, beside \`enableIdempotence\` or \`transaction\` | librdkafka fails, or the flag wins in silence | ZK_CONFIG_CONFLICT | whoever says both is told which one holds |
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
