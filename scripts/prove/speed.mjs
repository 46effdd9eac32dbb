// @ts-check
/**
 * The budgets of speed: the benchmark suites on a real Kafka, their medians beside what they have to reach. Give it a quiet
 * machine, on which nothing else runs.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { say } from './verdict.mjs'
import { withKafka } from './with-kafka.mjs'

const run = promisify(execFile)
const bench = fileURLToPath(new URL('../../benchmarks/dist/cli.js', import.meta.url))

/**
 * @typedef {{ suite: string, case: string, unit: string, value: number, ratio: number | null }} Result
 * @typedef {{ of: (result: Result) => boolean, figure: 'value' | 'ratio', least?: number, most?: number }} Budget
 */

/**
 * The limits for doing nothing with 200 bytes and with headers are far below the goals (6 times, 0.2; docs/design.md): on two cores
 * that the broker shares, figures of several threads differ by a third from hour to hour, so that only what is broken shows. Reading
 * alone keeps its goal.
 *
 * @type {Budget[]}
 */
const BUDGETS = [
  { of: ({ suite }) => suite === 'tracker', figure: 'value', most: 100 },
  { of: ({ suite }) => suite === 'hop', figure: 'value', least: 2e6 },
  // Of 1 KiB the goals, 6, 0.2 and 0.7, are out of reach where the broker has the same two cores (docs/design.md).
  { of: (result) => isNoop(result, 'native', 'messages/s') && isLarge(result), figure: 'ratio', least: 2.5 },
  { of: (result) => isNoop(result, 'native', 'process CPU') && isLarge(result), figure: 'ratio', most: 0.45 },
  { of: (result) => isNoop(result, 'native', 'main thread') && isLarge(result), figure: 'value', most: 1.5 },
  { of: (result) => isNoop(result, 'reading alone', 'messages/s') && isLarge(result), figure: 'ratio', least: 0.4 },
  // The goal itself, which 200 bytes miss on two cores (docs/design.md): red is meant to say so.
  { of: (result) => isNoop(result, 'reading alone', 'messages/s'), figure: 'ratio', least: 0.7 },
  { of: (result) => isNoop(result, 'native', 'messages/s'), figure: 'ratio', least: 4 },
  { of: (result) => isNoop(result, 'native', 'process CPU'), figure: 'ratio', most: 0.3 },
  { of: (result) => isNoop(result, 'native', 'main thread'), figure: 'value', most: 0.75 },
  { of: (result) => isNoop(result, 'portable', 'messages/s'), figure: 'ratio', least: 0.9 },
  {
    of: (result) => result.suite === 'cpu' && result.case.endsWith('bare worker threads'),
    figure: 'ratio',
    least: 0.95,
  },
  { of: (result) => isCase(result, 'io', '5 ms sleep, concurrency 16 '), figure: 'ratio', least: 0.95 },
  { of: (result) => isCase(result, 'io', '5 ms sleep, concurrency 100 '), figure: 'ratio', least: 0.9 },
  { of: (result) => isCase(result, 'io', '5 ms sleep, concurrency 1,000 '), figure: 'ratio', least: 0.85 },
  { of: (result) => isCase(result, 'io', "5 ms sleep, concurrency 'auto'"), figure: 'ratio', least: 0.8 },
  { of: ({ suite, case: of }) => suite === 'skew' && of.endsWith('in-flight'), figure: 'ratio', least: 0.95 },
  { of: (result) => isCase(result, 'formats', 'decode'), figure: 'ratio', most: 1.2 },
  { of: (result) => isCase(result, 'latency', 'p50 added'), figure: 'value', most: 1 },
  { of: (result) => isCase(result, 'latency', 'p99 added'), figure: 'value', most: 5 },
  { of: (result) => isCase(result, 'start', 'beyond connecting and joining, speedup 1'), figure: 'value', most: 500 },
  { of: (result) => isCase(result, 'memory', 'each thread'), figure: 'value', most: 40 },
]

/**
 * Tracker, three hops, native readers with speed, CPU, main thread and speed beside reading alone at three speedups of three payloads,
 * portable, cpu, io at three concurrencies and auto, skew of two exponents, sixteen formats, latency at two percentiles against two
 * bare consumers, start, memory of a thread: none may be missing.
 */
const FIGURES = 1 + 3 + 4 * 3 * 3 + 1 + 1 + 4 + 2 + 16 + 2 * 2 + 1 + 1

/** @type {import('./verdict.mjs').Proof} */
export const prove = async ({ runs = 5 }) =>
  withKafka(async (bootstrapServers) => {
    const figures = []
    for (const suite of ['tracker', 'hop', 'noop', 'cpu', 'io', 'skew', 'formats', 'latency', 'start', 'memory']) {
      say(`${suite}, ${runs} runs`)
      for (const result of await measure(suite, runs, bootstrapServers)) {
        const budget = BUDGETS.find(({ of }) => of(result))
        if (budget === undefined) continue
        const { figure, least, most } = budget
        const name = `${result.suite} ${result.case}, ${result.unit}`
        const reached = /** @type {number} */ (result[figure])
        const holds = reached >= (least ?? Number.NEGATIVE_INFINITY) && reached <= (most ?? Number.POSITIVE_INFINITY)
        say(`${holds ? 'holds' : 'FAILS'}  ${name}: ${Number(reached.toPrecision(3))}`)
        figures.push({ of: name, reached, least, most, holds })
      }
    }
    return { holds: figures.every(({ holds }) => holds) && figures.length === FIGURES, runs, figures }
  })

/** @param {Result} result @param {string} reader @param {string} unit */
function isNoop(result, reader, unit) {
  return result.suite === 'noop' && result.case.startsWith(reader) && result.unit.startsWith(unit)
}

/** @param {Result} result */
function isLarge(result) {
  return result.case.includes('1 KiB')
}

/** @param {Result} result @param {string} suite @param {string} beginning of the case */
function isCase(result, suite, beginning) {
  return result.suite === suite && result.case.startsWith(beginning)
}

/** @param {string} suite @param {number} runs @param {string} bootstrap @returns {Promise<Result[]>} */
async function measure(suite, runs, bootstrap) {
  const args = [bench, suite, '--json', '--runs', String(runs), '--bootstrap', bootstrap]
  const { stdout } = await run(process.execPath, args)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
