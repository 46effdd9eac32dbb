/** Whether a work is alive and ready, with reasons: what `work.health()` shows, as plain data. */
import type { CircuitState } from '@zk/engine'
import type { DeadLetterHealth } from '../delivery/refusal-log.js'
import type { WorkState } from '../work/state.js'
import { ZkError } from '../zk-error.js'
import type { Block } from './main-thread.js'
import type { Stall } from './stall.js'

/** A main thread that stood still for so long, ten seconds ago or less, is not alive. */
const DEAD_MS = 5_000
/** A dead letter that has waited so long for its acknowledgement is a topic that does not take any, though nobody refuses. */
const UNANSWERED_MS = 10_000

export interface Verdict {
  ok: boolean
  /** Why not; empty when `ok`. */
  reasons: string[]
}

export interface WorkHealth {
  /** Not: restarting the process is what can help. */
  live: Verdict
  /** Takes and processes records, as far as its share of the partitions holds any. */
  ready: Verdict
  /** Partitions that stand still although there is something to do. They make nothing unready: a restart would not help. */
  stalls: Stall[]
  mainThread: {
    /** The longest time in the last ten seconds in which the main thread's event loop did not turn. */
    lagMs: number
    /** The last calls of `onEvent` and of the logger that held it up for a second or more, at most ten. */
    blocks: Block[]
  }
}

export interface HealthFacts {
  phase: WorkState['phase']
  /** The group has answered with an assignment, if an empty one, and has not taken it away. */
  assigned: boolean
  /** What ended, or is ending, the run. */
  failure: Error | undefined
  /** The process stood still, and the group has not confirmed yet what is ours. */
  frozen: boolean
  /** Undefined without a dead letter topic. */
  deadLetters: DeadLetterHealth | undefined
  /** The one circuit of the whole work, while it holds starts up, and for how long it has. */
  circuit: { state: CircuitState; forMs: number } | undefined
  longestStop: { ms: number; agoMs: number }
  blocks: readonly Block[]
  /** The one that took longest of late. */
  recentBlock: Block | undefined
  stalls: Stall[]
}

export function judge(facts: HealthFacts): WorkHealth {
  const { longestStop, blocks, stalls } = facts
  return {
    live: verdict(notLive(facts)),
    ready: verdict(notReady(facts)),
    stalls,
    mainThread: { lagMs: longestStop.ms, blocks: [...blocks] },
  }
}

/** Before the first run. */
export function healthBeforeRun(): WorkHealth {
  return {
    live: verdict([]),
    ready: verdict(['not started: run() has not been called, or is compiling the processor']),
    stalls: [],
    mainThread: { lagMs: 0, blocks: [] },
  }
}

function notLive({ failure, longestStop, recentBlock }: HealthFacts): string[] {
  const reasons: string[] = []
  if (failure !== undefined) reasons.push(`the work failed: ${sentence(failure)}`)
  if (longestStop.ms >= DEAD_MS) {
    const culprit = recentBlock === undefined ? '' : `; ${recentBlock.by} took ${seconds(recentBlock.ms)} of it`
    reasons.push(`the main thread ${stood(longestStop)}${culprit}`)
  }
  return reasons
}

function notReady({ phase, assigned, failure, frozen, deadLetters, circuit }: HealthFacts): string[] {
  const reasons: string[] = []
  if (failure !== undefined) reasons.push(`the work failed: ${sentence(failure)}`)
  else if (phase === 'starting') reasons.push('starting: threads and the connection are being made')
  else if (phase === 'draining') reasons.push('stopping: what has started is being finished')
  else if (phase === 'stopped') reasons.push('stopped')
  else if (!assigned) reasons.push('no assignment yet: the group has not answered')
  if (frozen)
    reasons.push("frozen: the process stood still, and its partitions may be another's until the group confirms")
  const refusal = deadLetters && refusalOf(deadLetters)
  if (refusal !== undefined) reasons.push(refusal)
  if (circuit !== undefined && phase === 'running') {
    reasons.push(
      `circuit ${circuit.state}: too many records failed in a row, ${seconds(circuit.forMs)} ago; none starts`,
    )
  }
  return reasons
}

/** Undefined when the topic takes what it is given. */
function refusalOf({ topic, waiting, oldestMs = 0, refusingMs, reason }: DeadLetterHealth): string | undefined {
  // What was refused and is not wanted any more says nothing of the next one.
  if (waiting === 0) return undefined
  const letters = `${waiting} ${waiting === 1 ? 'record waits' : 'records wait'} for it`
  if (refusingMs !== undefined) {
    return `dead letters: ${topic} has refused them for ${seconds(refusingMs)} (${reason}); ${letters}`
  }
  if (oldestMs < UNANSWERED_MS) return undefined
  return `dead letters: ${topic} has not acknowledged one for ${seconds(oldestMs)}; ${letters}`
}

function stood({ ms, agoMs }: HealthFacts['longestStop']): string {
  return `stood still for ${seconds(ms)}, until ${agoMs < 1 ? 'now' : `${seconds(agoMs)} ago`}`
}

function sentence(error: Error): string {
  return ZkError.is(error) ? `${error.code}: ${error.message}` : error.message
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`

function verdict(reasons: string[]): Verdict {
  return { ok: reasons.length === 0, reasons }
}
