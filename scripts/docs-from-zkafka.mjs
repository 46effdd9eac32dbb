/**
 * Makes docs/guides/from-zkafka.md from the list in from-zkafka/names.mjs, with names and defaults of the schemas.
 *
 * node scripts/docs-from-zkafka.mjs          write
 * node scripts/docs-from-zkafka.mjs --check  exit 1 when the file is not what they give
 */
import { fileURLToPath } from 'node:url'
import { writeOrCheck } from './docs-generated.mjs'
import { loadFieldDocs } from './field-docs.mjs'
import { groups } from './from-zkafka/names.mjs'

const { clientFields, workFields, writerFields } = await loadFieldDocs()
/** In the order of docs/configuration.md, where the headings of a name are numbered. */
const pages = { client: clientFields, work: workFields, writer: writerFields }
const fields = new Map(Object.entries(pages).flatMap(([of, all]) => all.map((field) => [`${of}.${field.name}`, field])))
writeOrCheck(
  fileURLToPath(new URL('../docs/guides/from-zkafka.md', import.meta.url)),
  page(),
  'node scripts/docs-from-zkafka.mjs',
)

function page() {
  return `<!-- Generated from scripts/from-zkafka/names.mjs and packages/runtime/src/config by scripts/docs-from-zkafka.mjs. Do not edit. -->

# Coming from zkafka

What zkafka 2.3 calls each thing, what it is here, and both defaults. Where there is no default, the field is required or there is nothing to choose. Names in parentheses are librdkafka's, which zkafka leaves alone. Durations are whole milliseconds, and their fields end in \`Ms\`.

## A group that rolls over

Members of a group must have one assignment strategy in common. zkafka's are eager (\`range,roundrobin\`) and the default here is not, so the new members take theirs until the last old one is gone:

1. Start the new ones beside the old with \`assignmentStrategy: 'range,roundrobin'\` and the same group: \`groupId\`, and \`groupPrefix\` where zkafka has one. Add \`autoOffsetReset: 'latest'\` if new partitions shall begin as they did. The committed offsets are the group's and stay. Old and new members share the partitions for as long as you like.
2. Stop the old ones, one after the other: close their shutdown channel, wait for Run, close the client. (Not by cancelling ctx, which in zkafka marks as done what it cuts off.)
3. When no zkafka member is left, stop all members, remove \`assignmentStrategy\`, and start them again. This step is no rolling one: eager and cooperative members refuse each other. It can wait for a quiet hour, or for ever; until then each rebalance stops all partitions for a moment.

A member that begins without the setting in step 1 is refused, ends with [ZK_GROUP_REFUSED](../errors.md#zk_group_refused), and does the others no harm.

Nothing is lost and nothing is processed twice, as long as members end in good order and handlers within \`drainTimeoutMs\`: shown by [\`a group of eager members rolls over to ours, and on to cooperative-sticky\`](../../packages/testing/test/integration/roll-over.kafka.test.ts), with members that are made as zkafka makes them. A zkafka member that is killed repeats what it has done since its last commit, up to five seconds. What ours has finished above a record that is still running travels in the commit's metadata, which zkafka does not read: it repeats that, if it gets such a partition back.

The way back is the same: step 3 first, towards \`'range,roundrobin'\`, then zkafka members beside ours.

Keys keep their order within a partition, whoever owns it. Which thread a key runs on differs: the hash is murmur2, mixed once more, and zkafka's is FNV-1a.

${groups.map(section).join('\n\n')}
`
}

function section({ title, text, rows }) {
  const lines = rows.map((row) => `| ${[`\`${row.name}\``, row.theirs ?? '', ...ours(row), row.why].join(' | ')} |`)
  return `## ${title}\n\n${text === undefined ? '' : `${text}\n\n`}| zkafka | Default there | Here | Default here | What is different |\n|---|---|---|---|---|\n${lines.join('\n')}`
}

function ours({ name, field, ours: words, normal = '' }) {
  if (field === undefined) return [words, normal]
  const known = fields.get(field)
  if (known === undefined) throw new Error(`${name}: there is no field ${field}`)
  const [of] = field.split('.')
  const anchor = known.name.toLowerCase().replaceAll('.', '')
  const kinds = Object.keys(pages)
  const before = kinds.slice(0, kinds.indexOf(of)).filter((kind) => fields.has(`${kind}.${known.name}`)).length
  const number = before === 0 ? '' : `-${before}`
  return [`[\`${known.name}\`](../configuration.md#${anchor}${number}) of the ${of}`, known.default ?? '']
}
