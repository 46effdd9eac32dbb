/** The process that measures one run: started by `run-process.ts`, told what to run, and ended by whoever started it. */
import { setTimeout as delay } from 'node:timers/promises'
import { assertNever } from '../../assert-never.js'
import { Client } from '../../client.js'
import { parseClientConfig } from '../../config/parse-config.js'
import { describeError } from '../../describe-error.js'
import { errors } from '../../errors.js'
import { describeStall, type Stall } from '../../health/stall.js'
import { createLogger } from '../../log/create-logger.js'
import { blockedText } from '../../work/blocked-text.js'
import { WorkRun } from '../../work/run.js'
import type { RunSummary } from '../../work/summary.js'
import type { Work } from '../../work.js'
import { CompletionMeter } from './completion-meter.js'
import { allowedBy, type RunFigures, wayText } from './figures.js'
import { FirstErrors } from './first-errors.js'
import { type MeasuredWork, measuredWork } from './measured-work.js'
import type { FromRun, RunSpec, ToRun } from './run-spec.js'
import { AUTO_WARM_MS, patienceMs, ThroughputWindow } from './throughput-window.js'

/** How often the counters are looked at: they are exact, only their time is not. */
const LOOK_MS = 5
const PROGRESS_MS = 200
/** Latencies of a thousand messages a second say what those of a million would, and do not measure the queue in front. */
const MAX_PACE = 1_000
/** Fewer latencies say nothing of the slowest. */
const MIN_PACED = 20
/** Of handlers that take so long, a few have to do. */
const MAX_PACE_SECONDS = 5
/** What is on its way when the last paced record was written. */
const SETTLE_MS = 10_000
/** Looks at which nothing is in flight: a record may be between broker and reader at one of them. */
const QUIET_LOOKS = 3
const QUIET_LOOK_MS = 20

const errorLog = new FirstErrors(createLogger({ level: 'error', output: 'stderr' }))
let paced = false

process.on('message', (message: ToRun) => {
  if (message.type === 'paced') paced = true
  else if (message.type === 'run') void run(message.spec)
  else assertNever(message)
})
// Whoever started it is gone.
process.once('disconnect', () => process.exit())

function tell(message: FromRun): void {
  process.send?.(message)
}

async function run(spec: RunSpec): Promise<void> {
  try {
    const figures = await throughput(spec)
    const latencies = spec.pacedTopic === undefined ? undefined : await endToEnd(spec, spec.pacedTopic, figures)
    end({ type: 'done', result: { ...figures, ...latencies } })
  } catch (error) {
    end({ type: 'failed', error: describeError(error) })
  }
}

/** Whoever is told ends the process. */
function end(message: FromRun): void {
  errorLog.end()
  tell(message)
}

async function throughput(spec: RunSpec): Promise<RunFigures> {
  const meter = new CompletionMeter({ threads: spec.speedup, target: spec.messages, isPaced: false })
  const { client, work } = await workOn({ ...spec, isPaced: false }, meter)
  const window = new ThroughputWindow({ ...spec, meter, threadsOf: () => work.state()!.threads })
  const done = new AbortController()
  const look = setInterval(() => {
    const now = performance.now()
    if (window.look(now)) done.abort()
    // Told without an end of the work: that would wait for the same handlers.
    else if (window.isStalled(now)) {
      clearInterval(look)
      end({ type: 'failed', error: describeError(stalled(spec, work)) })
    }
  }, LOOK_MS)
  const progress = setInterval(() => tell({ type: 'progress', messages: meter.total }), PROGRESS_MS)
  try {
    const summary = await work.run({
      shutdown: done.signal,
      // A record that the broker has dropped would be waited for in vain.
      untilEnd: true,
      stdoutToStderr: true,
      onEvent: ({ type }) => {
        if (type === 'assigned') window.assigned(performance.now())
      },
    })
    requireEnds(summary, spec)
    return { ...window.figures(performance.now()), messages: summary.processed, failed: summary.failed }
  } finally {
    clearInterval(look)
    clearInterval(progress)
    await client.close()
  }
}

function stalled(spec: RunSpec, work: Work): Error {
  const stalls = work.health().stalls
  // Others stand behind such handlers.
  const isHolding = ({ partition, cause }: Stall) => 'handler' in cause && cause.handler?.partition === partition
  const held = stalls.find(isHolding) ?? stalls[0]
  const where = held === undefined ? 'no partition stands still' : describeStall(held)
  return errors.ZK_BENCH_STALLED('No message has completed', spec.processor, wayText(spec), patienceMs(spec), where)
}

/** Others may have ended in the meantime. @throws ZkError ZK_BENCH_STALLED */
function requireEnds({ blocked }: RunSummary, spec: RunSpec): void {
  const [first] = blocked
  if (first === undefined) return
  const what = blocked.length === 1 ? '1 handler has not ended' : `${blocked.length} handlers have not ended`
  const where = `${blockedText(first)} in thread ${first.thread}`
  throw errors.ZK_BENCH_STALLED(what, spec.processor, wayText(spec), patienceMs(spec), where)
}

async function endToEnd(
  spec: RunSpec,
  topic: string,
  { perSecond, handlerMeanUs }: RunFigures,
): Promise<Pick<RunFigures, 'endToEndP50Ms' | 'endToEndP99Ms'>> {
  // Of a backlog other keys run ahead of the most frequent one; of what comes in time it would fall behind.
  const allowed = allowedBy(spec.hottest, spec.aloneUs ?? handlerMeanUs)
  const pace = Math.min(MAX_PACE, Math.min(perSecond, allowed) / 2)
  const counted = Math.min(MAX_PACE_SECONDS, Math.max(spec.seconds, MIN_PACED / pace))
  const rampUp = spec.concurrency === 'auto' ? AUTO_WARM_MS / 1_000 : 0
  const meter = new CompletionMeter({ threads: spec.speedup, target: undefined, isPaced: true })
  const { client, work } = await workOn({ ...spec, topic, group: `${spec.group}-paced`, isPaced: true }, meter)
  const done = new AbortController()
  try {
    const running = work.run({
      shutdown: done.signal,
      stdoutToStderr: true,
      onEvent: ({ type }) => {
        if (type === 'assigned') tell({ type: 'pace', perSecond: pace, seconds: rampUp + counted })
      },
    })
    // Told below.
    running.catch(() => {})
    // What comes first meets threads and connections that are new, and fewer handlers than 'auto' comes to.
    const isWarm = () => meter.total >= pace * (rampUp + counted / 5)
    while (!isWarm() && !paced) await Promise.race([delay(LOOK_MS), running])
    if (!paced) meter.clear()
    while (!paced) await Promise.race([delay(LOOK_MS), running])
    await settled(work, running)
    done.abort()
    requireEnds(await running, spec)
    const { endToEnd: latencies } = meter
    return latencies.count === 0
      ? { endToEndP50Ms: undefined, endToEndP99Ms: undefined }
      : { endToEndP50Ms: latencies.percentile(0.5) / 1_000, endToEndP99Ms: latencies.percentile(0.99) / 1_000 }
  } finally {
    await client.close()
  }
}

async function settled(work: Work, running: Promise<unknown>): Promise<void> {
  const deadline = performance.now() + SETTLE_MS
  for (let quiet = 0; quiet < QUIET_LOOKS && performance.now() < deadline; ) {
    await Promise.race([delay(QUIET_LOOK_MS), running])
    quiet = work.state()?.window.messages === 0 ? quiet + 1 : 0
  }
}

async function workOn(spec: MeasuredWork, meter: CompletionMeter): Promise<{ client: Client; work: Work }> {
  const { client: given, input } = await measuredWork(spec)
  const client = new Client(parseClientConfig(given), {
    makeRun: (context, resolved, emit) => new WorkRun({ ...context, meter }, resolved, emit),
  })
  return { client, work: client.workFactory({ logger: errorLog.logger }).create(input) }
}
