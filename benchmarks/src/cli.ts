/** `pnpm bench <suite>`: runs one suite, or all, and says what became of the ratios since an earlier run. */
import { parseArgs } from 'node:util'
import { type Change, compare, describe, regressions } from './compare.js'
import { headerOf } from './header.js'
import { earlierResults, HISTORY, save } from './history.js'
import { progressOf } from './progress.js'
import { print, type Result } from './report.js'
import { suites } from './suites.js'

export interface SuiteOptions {
  runs: number
  messages: number | undefined
  /** A real Kafka; undefined: the embedded broker. */
  bootstrap: string | undefined
  /** Is told what is measured just now. */
  progress: (what: string) => void
}

// Has options and a table of its own, and is not one of all suites: it takes a real Kafka and a quarter of an hour.
if (process.argv[2] === 'peers') {
  await (await import('./peers/cli.js')).peers(process.argv.slice(3))
  process.exit()
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    messages: { type: 'string' },
    bootstrap: { type: 'string' },
    compare: { type: 'string' },
    gate: { type: 'string' },
    tolerance: { type: 'string', default: '0.2' },
    help: { type: 'boolean', default: false },
  },
})

const names = positionals.length === 0 ? Object.keys(suites) : positionals
const bootstrap = values.bootstrap ?? process.env.KAFKA_BOOTSTRAP
if (values.help || names.some((name) => suites[name] === undefined)) {
  const width = Math.max(...Object.keys(suites).map((name) => name.length))
  const list = Object.entries(suites).map(
    ([name, { goal, payload }]) => `  ${name.padEnd(width)}  ${goal} (${payload})`,
  )
  console.log(`pnpm bench [suite]… [--runs 3] [--messages n] [--bootstrap host:port] [--json]
           [--compare last|file] [--gate file] [--tolerance 0.2]
pnpm bench peers --help

${list.join('\n')}

Each suite prints both sides of its ratio from one run, alternating. What needs Kafka uses that of --bootstrap or KAFKA_BOOTSTRAP,
else the embedded broker. Results are kept in benchmarks/history.

  --compare   prints how each ratio has changed since the last run of its case, or since a file that --json wrote
  --gate      the same for a file, and exit code 1 when a ratio is worse by more than --tolerance, twice in a row; 2 when the
              file has none of the cases`)
  process.exitCode = values.help ? 0 : 1
} else {
  // Before anything is kept: what runs now must not be what it is compared with.
  const source = values.gate ?? values.compare
  const before = source === undefined ? [] : earlierResults(source, HISTORY)
  const results = await runAll(names)
  if (source !== undefined) await judge(compare(results, before), before)
}

async function runAll(chosen: readonly string[]): Promise<Result[]> {
  const all: Result[] = []
  const messages = values.messages === undefined ? undefined : Number(values.messages)
  for (const name of chosen) {
    const { load, payload, kafka } = suites[name]!
    const suite = await load()
    const header = headerOf(name, payload, kafka ? bootstrap : null)
    const { tell, clear } = progressOf(name, process.stderr)
    const results = await suite({ runs: Number(values.runs), messages, bootstrap, progress: tell })
    clear()
    print(header, results, values.json)
    save([{ header }, ...results], HISTORY, new Date())
    all.push(...results)
  }
  return all
}

/** Says it on stderr: stdout is for results. */
async function judge(changes: readonly Change[], before: readonly Result[]): Promise<void> {
  for (const change of changes) console.error(describe(change))
  if (values.gate === undefined) return
  if (changes.length === 0) {
    console.error(`${values.gate} has none of these cases: nothing was compared`)
    process.exitCode = 2
    return
  }
  const tolerance = Number(values.tolerance)
  let worse = regressions(changes, tolerance)
  if (worse.length > 0) {
    console.error('Once more, for a machine that is disturbed disturbs ratios too:')
    const suspects = names.filter((name) => worse.some((change) => change.name.startsWith(`${name} `)))
    const again = regressions(compare(await runAll(suspects), before), tolerance)
    worse = again.filter(({ name }) => worse.some((change) => change.name === name))
  }
  for (const change of worse) console.error(`REGRESSION ${describe(change)}`)
  console.error(
    worse.length === 0 ? `${changes.length} ratios hold` : `${worse.length} of ${changes.length} ratios are worse`,
  )
  if (worse.length > 0) process.exitCode = 1
}
