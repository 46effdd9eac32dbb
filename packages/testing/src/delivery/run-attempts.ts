/** One record through a processor, attempt by attempt, as a thread of the runtime decides it. */
import { FailureFlag } from '@zk/engine'
import type { Logger } from '@zk/runtime'
import { RetryDecision } from '@zk/runtime/internal'
import type { ContextValues, Message, Processor } from '@zk/runtime/processor'
import type { OnSend, SentOutput } from './attempt-sends.js'
import { FakeContext } from './fake-context.js'
import type { LogLine } from './recorded-log.js'

/** How one attempt ended. */
export interface AttemptOutcome {
  /** 1 for the first. */
  readonly attempt: number
  /**
   * `discarded`: the handler gave up because it was told that its result is not wanted (`revoked`, `shutdown`, `aborted`), which is
   * no failure: the record is read again. `put-back`, of a batch: the message comes again and is charged nothing, because its
   * batch threw, or because an earlier message of its key comes again.
   */
  readonly status: 'done' | 'failed' | 'discarded' | 'put-back'
  /** Of what failed: `timeout` where its deadline had passed. */
  readonly cause?: 'error' | 'timeout'
  /** What the handler threw or rejected with, or the format's error; undefined for a handler that was not waited for. */
  readonly error?: unknown
  /** It went on for `graceMs` after `ctx.signal` aborted: in the runtime its thread is ended then. Here it runs on, unheard. */
  readonly threadLost: boolean
  readonly durationMs: number
  /** What it sent, and was acknowledged. */
  readonly sent: readonly SentOutput[]
}

/** What became of one record. */
export interface ProcessorOutcome<V = Buffer> {
  message: Message<V>
  /** Whether the last attempt succeeded. */
  ok: boolean
  /** Of the last attempt. */
  status: Exclude<AttemptOutcome['status'], 'put-back'>
  /** Of the last attempt, where it failed. */
  cause?: 'error' | 'timeout'
  /** Of the last attempt: what the handler threw or rejected with, or the format's error. */
  error?: unknown
  /** Whether it would go to the dead letter topic, were there one: it has failed, and no ProcessError forbids it. */
  deadLetter: boolean
  /** Whether it counts for the circuit breaker: it has failed, and no ProcessError forbids it. */
  circuitBreak: boolean
  /** All of them, the last at the end. */
  attempts: AttemptOutcome[]
  durationMs: number
  /** What the handler sent by `ctx.send`, in order, as bytes, of all attempts: outputs of those that failed are written too. */
  sent: SentOutput[]
  /** What it wrote to `ctx.log`. */
  logs: LogLine[]
  /** What its hooks threw, which changes nothing. */
  hookErrors: HookError[]
}

export interface HookError {
  readonly hook: 'preProcessing' | 'postProcessing'
  readonly error: unknown
}

/** How records are run. */
export interface DeliveryOptions<S> {
  /** With its hooks around it, where it has any. */
  processor: Processor<unknown, never, S>
  /** `process` decodes the value by itself, because hooks come before. */
  decodesItself: boolean
  state: S
  values: ContextValues | undefined
  /** Of one record, the first included. */
  attempts: number
  processTimeoutMs: number
  graceMs: number
  signal: AbortSignal | undefined
  onSend: OnSend | undefined
}

/** Of one record. */
export interface Kept {
  log: Logger
  logs: LogLine[]
  hookErrors: HookError[]
}

export async function runAttempts<V, S>(
  options: DeliveryOptions<S>,
  message: Message<V>,
  { log, logs, hookErrors }: Kept,
): Promise<ProcessorOutcome<V>> {
  const started = performance.now()
  const decision = new RetryDecision(options.processor as Processor<unknown>)
  const attempts: AttemptOutcome[] = []
  for (;;) {
    const last = await runAttempt(options, message, attempts.length + 1, log)
    attempts.push(last)
    const failed = last.status === 'failed'
    const verdict = failed ? decision.judge(last.error, attempts.length < options.attempts, () => log) : undefined
    if (verdict?.retryable === true) continue
    return outcomeOf(message, attempts, verdict?.flags ?? 0, performance.now() - started, { logs, hookErrors })
  }
}

/** @param flags `FailureFlag`s of the last attempt */
export function outcomeOf<V>(
  message: Message<V>,
  attempts: AttemptOutcome[],
  flags: number,
  durationMs: number,
  kept: Pick<Kept, 'logs' | 'hookErrors'>,
): ProcessorOutcome<V> {
  const last = attempts.at(-1)!
  const failed = last.status === 'failed'
  const forbids = (flag: number) => (flags & flag) !== 0
  return {
    message,
    ok: last.status === 'done',
    status: last.status as ProcessorOutcome['status'],
    ...(last.cause !== undefined && { cause: last.cause }),
    ...('error' in last && { error: last.error }),
    deadLetter: failed && !forbids(FailureFlag.noDeadLetter),
    circuitBreak: failed && !forbids(FailureFlag.noCircuitBreak),
    attempts,
    durationMs,
    sent: attempts.flatMap(({ sent }) => sent),
    logs: kept.logs,
    hookErrors: kept.hookErrors,
  }
}

export type HandlerEnd = { ok: true } | { ok: false; error: unknown }

async function runAttempt<S>(
  options: DeliveryOptions<S>,
  message: Message<unknown>,
  attempt: number,
  log: Logger,
): Promise<AttemptOutcome> {
  const started = performance.now()
  const { state, processTimeoutMs, graceMs, signal, onSend } = options
  // A copy for each attempt, as each thread has its own.
  const values = structuredClone(options.values ?? {})
  const prepared = await prepare(options.processor.format, message)
  const ctx = new FakeContext<S>({ message, attempt, state, values, log, processTimeoutMs, signal, onSend })
  const lost = graceAfterAbort(ctx.signal, graceMs)
  const ended = prepared.ok ? handled(options, message, ctx) : Promise.resolve(prepared)
  const end = await Promise.race([ended, lost.promise])
  lost.stop()
  ctx.end()
  const { sent } = ctx.sends
  const common = { attempt, threadLost: end === undefined, durationMs: performance.now() - started, sent }
  if (end?.ok === true) return { ...common, status: 'done' }
  const error = end === undefined ? {} : { error: end.error }
  const { abortReason } = ctx
  if (abortReason !== undefined && abortReason !== 'timeout') return { ...common, status: 'discarded', ...error }
  return { ...common, status: 'failed', cause: abortReason ?? 'error', ...error }
}

/** A registry that is down, which in the runtime is waited for, fails the record. */
export async function prepare(
  format: Processor<unknown>['format'],
  { rawValue, topic }: Message<unknown>,
): Promise<HandlerEnd> {
  try {
    if (rawValue !== null) await format?.prepareDecode?.(rawValue, { topic, part: 'value' })
    return { ok: true }
  } catch (error) {
    return { ok: false, error }
  }
}

async function handled<S>(
  { processor, decodesItself }: DeliveryOptions<S>,
  message: Message<unknown>,
  ctx: FakeContext<S>,
): Promise<HandlerEnd> {
  let end: HandlerEnd = { ok: true }
  try {
    // Decoded before the handler is called: bytes that do not decode are a failure of the record, not of its code.
    if (processor.format !== undefined && !decodesItself) message.value
    await processor.process(message, ctx)
  } catch (error) {
    end = { ok: false, error }
  }
  const failedSend = await ctx.sends.end()
  return end.ok && failedSend !== undefined ? { ok: false, error: failedSend } : end
}

/** Resolves so long after the handler was told to give up, however it takes it. */
export function graceAfterAbort(signal: AbortSignal, graceMs: number) {
  let timer: NodeJS.Timeout | undefined
  let onAbort = (): void => {}
  const promise = new Promise<undefined>((resolve) => {
    onAbort = () => {
      timer = setTimeout(() => resolve(undefined), graceMs)
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
  const stop = () => {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
  return { promise, stop }
}
