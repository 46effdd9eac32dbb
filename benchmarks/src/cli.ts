/** `pnpm bench <suite>`: runs one suite, or all, and says what became of the ratios since an earlier run. */
import { parseArgs } from 'node:util'
import { type Comparison, compare, describe, type Measured, regressions } from './compare.js'
import { headerOf } from './header.js'
import { earlierResults, HISTORY, save } from './history.js'
import { hearSignals, unlessInterrupted } from './interrupt.js'
import { progressOf } from './progress.js'
import { print } from './report.js'
import { type SuiteOptions, suites } from './suites.js'
import { positive, UsageError, withUsageErrors } from './usage.js'

interface Chosen {
  names: readonly string[]
  options: Omit<SuiteOptions, 'progress'>
  json: boolean
  /** The folder where results are kept. */
  history: string
}

async function bench(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      runs: { type: 'string', default: '3' },
      messages: { type: 'string' },
      bootstrap: { type: 'string' },
      compare: { type: 'string' },
      gate: { type: 'string' },
      history: { type: 'string', default: HISTORY },
      tolerance: { type: 'string', default: '0.2' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    help()
    return
  }
  const names = positionals.length === 0 ? Object.keys(suites) : positionals
  const unknown = names.find((name) => !Object.hasOwn(suites, name))
  if (unknown !== undefined) throw new UsageError(`${unknown} is no suite; there are ${Object.keys(suites).join(', ')}`)
  const tolerance = positive('--tolerance', values.tolerance, false)
  const options = {
    runs: positive('--runs', values.runs),
    messages: values.messages === undefined ? undefined : positive('--messages', values.messages),
    bootstrap: values.bootstrap ?? process.env.KAFKA_BOOTSTRAP,
  }
  const chosen = { names, options, json: values.json, history: values.history }
  // Before anything is kept: what runs now must not be what it is compared with.
  const source = values.gate ?? values.compare
  const before = source === undefined ? undefined : earlierResults(source, values.history)
  const now = await runAll(chosen)
  if (before === undefined) return
  const { changes, leftOut } = compare(now, before)
  for (const change of changes) tell(describe(change))
  for (const line of leftOut) tell(process.env.GITHUB_ACTIONS ? `::warning::${line}` : line)
  if (values.gate !== undefined) await judge(chosen, changes, before, tolerance, values.gate)
}

function help(): void {
  const width = Math.max(...Object.keys(suites).map((name) => name.length))
  const list = Object.entries(suites).map(
    ([name, { goal, payload }]) => `  ${name.padEnd(width)}  ${goal} (${payload})`,
  )
  console.log(`pnpm bench [suite]… [--runs 3] [--messages n] [--bootstrap host:port] [--json]
           [--compare last|file] [--gate file] [--tolerance 0.2] [--history folder]
pnpm bench peers --help

${list.join('\n')}

Each suite prints both sides of its ratio from one run, alternating. What needs Kafka uses that of --bootstrap or KAFKA_BOOTSTRAP,
else the embedded broker. Results are kept in benchmarks/history, or the folder of --history.

  --compare   prints how each ratio has changed since the last run of its case, or since a file that --json wrote;
              and what is left out, because broker (embedded or given), payload or messages are others
  --gate      the same for a file, and exit code 1 when a ratio is worse by more than --tolerance, twice in a row; 2 when
              nothing could be compared`)
}

async function runAll({ names, options, json, history }: Chosen): Promise<Measured[]> {
  const all: Measured[] = []
  for (const name of names) {
    const { load, payload, kafka } = suites[name]!
    const suite = await load()
    const header = headerOf(name, payload, kafka ? options.bootstrap : null, options.messages ?? "the suite's own")
    const progress = progressOf(name, process.stderr)
    const results = await suite({ ...options, progress: progress.tell })
    progress.clear()
    print(header, results, json)
    save([{ header }, ...results], history, new Date())
    all.push(...results.map((result) => ({ ...result, header })))
  }
  return all
}

/** Says it on stderr: stdout is for results. */
const tell = (line: string): void => console.error(line)

async function judge(
  chosen: Chosen,
  changes: Comparison['changes'],
  before: readonly Measured[],
  tolerance: number,
  file: string,
): Promise<void> {
  if (changes.length === 0) {
    tell(`${file}: nothing was compared`)
    process.exitCode = 2
    return
  }
  let worse = regressions(changes, tolerance)
  if (worse.length > 0) {
    tell('Once more, for a machine that is disturbed disturbs ratios too:')
    const suspects = chosen.names.filter((name) => worse.some((change) => change.name.startsWith(`${name} `)))
    const again = regressions(compare(await runAll({ ...chosen, names: suspects }), before).changes, tolerance)
    worse = again.filter(({ name }) => worse.some((change) => change.name === name))
  }
  for (const change of worse) tell(`REGRESSION ${describe(change)}`)
  tell(worse.length === 0 ? `${changes.length} ratios hold` : `${worse.length} of ${changes.length} ratios are worse`)
  if (worse.length > 0) process.exitCode = 1
}

// Last: what they await uses all of the above.
hearSignals()
await withUsageErrors(() =>
  unlessInterrupted(
    // Has options and a table of its own, and is not one of all suites: it takes a real Kafka and 25 minutes.
    process.argv[2] === 'peers'
      ? import('./peers/cli.js').then(({ peers }) => peers(process.argv.slice(3)))
      : bench(process.argv.slice(2)),
  ),
)
// A client of node-rdkafka's that does not disconnect must not keep the process.
if (process.argv[2] === 'peers') process.exit()
