/** `pnpm bench <suite>`: runs one suite, or all. */
import { parseArgs } from 'node:util'
import { print, type Result } from './report.js'

export interface SuiteOptions {
  runs: number
  messages: number | undefined
  /** A real Kafka; undefined: the embedded broker. */
  bootstrap: string | undefined
}

type Suite = (options: SuiteOptions) => Promise<Result[]>

/** Loaded when it runs, so that what needs no Kafka client runs where it is not built. */
const suites: Record<string, () => Promise<Suite>> = {
  tracker: async () => (await import('./tracker.js')).tracker,
  'crash-journal': async () => (await import('./crash-journal.js')).crashJournal,
  formats: async () => (await import('./formats.js')).formats,
  hop: async () => (await import('./hop.js')).hop,
  noop: async () => (await import('./noop.js')).noop,
  cpu: async () => (await import('./cpu.js')).cpu,
  writer: async () => (await import('./writer.js')).writer,
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
  for (const name of names) {
    const suite = await suites[name]!()
    print(await suite({ runs: Number(values.runs), messages, bootstrap }), values.json)
  }
}
