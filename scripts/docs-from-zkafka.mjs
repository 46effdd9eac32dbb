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

const { clientFields, workFields } = await loadFieldDocs()
const fields = new Map([
  ...clientFields.map((field) => [`client.${field.name}`, field]),
  ...workFields.map((field) => [`work.${field.name}`, field]),
])
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

1. Deploy with \`assignmentStrategy: 'range,roundrobin'\`, the same \`groupId\` (and \`groupPrefix\`), and \`autoOffsetReset: 'latest'\` if new partitions shall begin as they did. Committed offsets are the group's and stay. Old and new members share the partitions while both run.
2. When no zkafka member is left, stop all members, remove \`assignmentStrategy\`, and start them again. Eager and cooperative members of one group refuse each other, so this step is no rolling one.

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
  // Where a work has a field of the client's name, its heading is the second one.
  const isSecond = of === 'work' && fields.has(`client.${known.name}`)
  return [`[\`${known.name}\`](../configuration.md#${anchor}${isSecond ? '-1' : ''}) of the ${of}`, known.default ?? '']
}
