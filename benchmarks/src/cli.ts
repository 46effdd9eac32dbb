/** `pnpm bench <suite>`: runs one suite, or all. */
import { parseArgs } from 'node:util'
import { cpu } from './cpu.js'
import { crashJournal } from './crash-journal.js'
import { hop } from './hop.js'
import { noop } from './noop.js'
import { print, type Result } from './report.js'
import { tracker } from './tracker.js'
import { writer } from './writer.js'

export interface SuiteOptions {
  runs: number
  messages: number | undefined
  /** A real Kafka; undefined: the embedded broker. */
  bootstrap: string | undefined
}

const suites: Record<string, (options: SuiteOptions) => Promise<Result[]>> = {
  tracker,
  'crash-journal': crashJournal,
  hop,
  noop,
  cpu,
  writer,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    messages: { type: 'string' },
    bootstrap: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

const names = positionals.length === 0 ? Object.keys(suites) : positionals
if (values.help || names.some((name) => suites[name] === undefined)) {
  console.log(`pnpm bench [${Object.keys(suites).join('|')}]… [--runs 3] [--messages n] [--bootstrap host:port] [--json]

Each suite prints both sides of its ratio from one run, alternating. noop, cpu and writer use a real Kafka when --bootstrap or
KAFKA_BOOTSTRAP names one, else the embedded broker.`)
  process.exitCode = values.help ? 0 : 1
} else {
  const bootstrap = values.bootstrap ?? process.env.KAFKA_BOOTSTRAP
  const messages = values.messages === undefined ? undefined : Number(values.messages)
  for (const name of names) print(await suites[name]!({ runs: Number(values.runs), messages, bootstrap }), values.json)
}
