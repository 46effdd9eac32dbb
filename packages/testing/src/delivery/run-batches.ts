/** Messages through a handler of batches, as a thread of the runtime decides it: batch-lane.ts there says why. */
import { KeyedQueue, NO_KEY } from '@zk/engine'
import type { Logger } from '@zk/runtime'
import { hooksAround, RetryDecision } from '@zk/runtime/internal'
import type { BatchProcessor, ContextValues, Message, ThreadHooks } from '@zk/runtime/processor'
import type { OnSend } from './attempt-sends.js'
import { BatchedFakeContext, FakeBatchContext } from './batch-context.js'
import { recordedLog } from './recorded-log.js'
import {
  type AttemptOutcome,
  graceAfterAbort,
  type HandlerEnd,
  type HookError,
  type Kept,
  outcomeOf,
  type ProcessorOutcome,
  prepare,
} from './run-attempts.js'

export interface BatchesOptions<S> {
  processor: BatchProcessor<unknown, never, S>
  hooks: ThreadHooks | undefined
  state: S
  values: ContextValues | undefined
  maxSize: number
  /** Batches at once. */
  concurrency: number
  attempts: number
  processTimeoutMs: number
  graceMs: number
  signal: AbortSignal | undefined
  onSend: OnSend | undefined
  log: Logger
}

/** One message on its way. */
interface Item extends Kept {
  readonly message: Message<unknown>
  readonly key: number
  readonly attempts: AttemptOutcome[]
  /** In a batch of its own. */
  isAlone: boolean
  started: number | undefined
}

/** One message in one batch. */
interface Entry<S> {
  readonly at: number
  readonly item: Item
  readonly context: BatchedFakeContext<S>
  readonly ended: ((fault: Fault) => void) | undefined
  fault: Fault
}

type Fault = { readonly error: unknown } | undefined

/** @param lanes what each message is serial with @returns outcomes in the order of the messages */
export function runBatches<S>(
  options: BatchesOptions<S>,
  messages: readonly Message<unknown>[],
  lanes: readonly number[],
): Promise<ProcessorOutcome<unknown>[]> {
  const { maxSize, concurrency } = options
  const queue = new KeyedQueue(Number.POSITIVE_INFINITY)
  const items = messages.map((message, i): Item => {
    const logs: Item['logs'] = []
    const rest = { logs, log: recordedLog(logs, options.log), hookErrors: [] as HookError[], attempts: [] }
    return { message, key: lanes[i]!, isAlone: false, started: undefined, ...rest }
  })
  for (const [i, { key }] of items.entries()) queue.push(key, i)
  const outcomes = new Array<ProcessorOutcome<unknown>>(messages.length)
  let inProgress = 0
  return new Promise((resolve, reject) => {
    function pump(): void {
      while (inProgress < concurrency) {
        const batch = collect(queue, items, maxSize)
        if (batch.length === 0) break
        inProgress++
        runBatch(options, batch, items).then((ends) => {
          inProgress--
          settle(options, ends, { queue, outcomes })
          pump()
        }, reject)
      }
      if (inProgress === 0) resolve(outcomes)
    }
    pump()
  })
}

function collect(queue: KeyedQueue, items: readonly Item[], maxSize: number): number[] {
  const batch: number[] = []
  for (let i = queue.ready > 0 ? queue.take() : -1; i >= 0; i = batch.length < maxSize ? queue.take() : -1) {
    if (items[i].isAlone && batch.length > 0) {
      queue.putBack(i)
      break
    }
    batch.push(i)
    if (items[i].isAlone) return batch
  }
  let keys = [...new Set(batch.map((i) => items[i].key))]
  while (keys.length > 0 && batch.length < maxSize) {
    keys = keys.filter((key) => {
      const i = batch.length < maxSize ? queue.takeBehind(key) : -1
      if (i < 0) return false
      if (items[i].isAlone) queue.putBehind(key, [i])
      else batch.push(i)
      return !items[i].isAlone
    })
  }
  return batch.sort((a, b) => a - b)
}

interface Ends<S> {
  entries: readonly Entry<S>[]
  /** Of the whole batch. */
  thrown: Fault
  threadLost: boolean
  durationMs: number
}

async function runBatch<S>(
  options: BatchesOptions<S>,
  batch: readonly number[],
  items: readonly Item[],
): Promise<Ends<S>> {
  const { processor, state, processTimeoutMs, graceMs, signal, onSend } = options
  const prepared: HandlerEnd[] = []
  for (const i of batch) prepared.push(await prepare(processor.format, items[i].message))
  const started = performance.now()
  const entries = batch.map((at, i): Entry<S> => {
    const item = items[at]
    item.started ??= started
    const values = structuredClone(options.values ?? {})
    const attempt = 1 + item.attempts.filter(({ status }) => status === 'failed').length
    const given = { message: item.message, attempt, state, values, log: item.log, processTimeoutMs, signal, onSend }
    const context = new BatchedFakeContext<S>(given, () => whole)
    const failed = (hook: HookError['hook'], error: unknown) => void item.hookErrors.push({ hook, error })
    const around = hooksAround(processor as ThreadHooks, { module: options.hooks, groupId: 'test', failed })
    const ended = around?.(item.message, context)
    return { at, item, context, ended, fault: prepared[i].ok ? undecodable(processor, item.message) : prepared[i] }
  })
  const whole = new FakeBatchContext<S>(new Map(entries.map(({ item, context }) => [item.message, context])), onSend)
  const given = entries.flatMap(({ item, fault }) => (fault === undefined ? [item.message] : []))
  const lost = graceAfterAbort(whole.signal, graceMs)
  const end = await Promise.race([handled(processor, given, whole, entries), lost.promise])
  lost.stop()
  for (const entry of entries) {
    entry.context.end()
    entry.fault ??= whole.faults.get(entry.item.message)
  }
  const thrown: Fault = end === undefined ? { error: undefined } : end.ok ? undefined : end
  for (const { ended, fault } of entries) ended?.(fault ?? thrown)
  return { entries, thrown, threadLost: end === undefined, durationMs: (performance.now() - started) / entries.length }
}

async function handled<S>(
  processor: BatchProcessor<unknown, never, S>,
  messages: readonly Message<unknown>[],
  whole: FakeBatchContext<S>,
  entries: readonly Entry<S>[],
): Promise<HandlerEnd> {
  let end: HandlerEnd = { ok: true }
  try {
    if (messages.length > 0) await processor.processBatch(messages, whole)
  } catch (error) {
    end = { ok: false, error }
  }
  for (const entry of entries) {
    const error = await entry.context.sends.end()
    if (error !== undefined) entry.fault ??= whole.faults.get(entry.item.message) ?? { error }
  }
  const failedSend = await whole.sends.end()
  return end.ok && failedSend !== undefined ? { ok: false, error: failedSend } : end
}

function undecodable({ format }: Pick<BatchProcessor<unknown>, 'format'>, message: Message<unknown>): Fault {
  try {
    if (format !== undefined) message.value
    return undefined
  } catch (error) {
    return { error }
  }
}

interface Results {
  queue: KeyedQueue
  outcomes: ProcessorOutcome<unknown>[]
}

function settle<S>(options: BatchesOptions<S>, ends: Ends<S>, { queue, outcomes }: Results): void {
  const { entries, thrown, threadLost, durationMs } = ends
  const decision = new RetryDecision(options.processor as Pick<BatchProcessor, 'retryable'>)
  const log = () => entries[0].item.log
  const nobodyKnows = thrown !== undefined && entries.length > 1 && decision.judge(thrown.error, true, log).retryable
  const putBack = new Set<number>()
  const behind = (at: number, key: number) => {
    const later = entries.filter((one) => one.at > at && one.item.key === key && key !== NO_KEY && !putBack.has(one.at))
    for (const one of later) putBack.add(one.at)
    if (later.length > 0)
      queue.putBehind(
        key,
        later.map((one) => one.at),
      )
  }
  for (const { at, item, context, fault } of entries) {
    const { sent } = context.sends
    const attempt = { attempt: context.attempt, threadLost, durationMs, sent }
    const failure = fault ?? thrown
    if (fault === undefined && nobodyKnows) item.isAlone = true
    if (putBack.has(at)) {
      item.attempts.push({ ...attempt, status: 'put-back', ...(failure && { error: failure.error }) })
      continue
    }
    const again = () => {
      behind(at, item.key)
      queue.park(item.key)
      queue.unpark(item.key, at)
    }
    const isUnwanted = context.abortReason !== undefined && context.abortReason !== 'timeout'
    let flags = 0
    if (failure === undefined) item.attempts.push({ ...attempt, status: 'done' })
    else if (isUnwanted) item.attempts.push({ ...attempt, status: 'discarded', error: failure.error })
    else if (fault === undefined && nobodyKnows) {
      item.attempts.push({ ...attempt, status: 'put-back', error: failure.error })
      again()
      continue
    } else {
      const cause = fault === undefined && context.abortReason === 'timeout' ? 'timeout' : 'error'
      item.attempts.push({ ...attempt, status: 'failed', cause, error: failure.error })
      const verdict = decision.judge(failure.error, context.attempt < options.attempts, () => item.log)
      if (verdict.retryable) {
        again()
        continue
      }
      flags = verdict.flags
    }
    queue.done(item.key)
    outcomes[at] = outcomeOf(item.message, item.attempts, flags, performance.now() - item.started!, item)
  }
}
