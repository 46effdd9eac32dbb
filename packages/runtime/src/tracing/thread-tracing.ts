/**
 * Spans around a processor, in its thread, and around what it sends. Where no traces are wanted the executor gets the
 * processor itself: nothing of this runs.
 *
 * Each thread has an OpenTelemetry of its own, which the user's code has registered there: functions cannot cross.
 */

import { errors } from '../errors.js'
import { replacing } from '../hooks/added-headers.js'
import { headersOf } from '../outgoing-parts.js'
import type { Message, OutgoingRecord, ProcessContext, Processor, SentRecord } from '../processor-types.js'
import { DeliveryContext } from '../threads/delivery-context.js'
import type { TracingSetup } from '../threads/protocol.js'
import { failSpan } from './fail-span.js'
import { loadOtel, type Span, type TraceContext } from './otel.js'
import { attribute, own } from './semconv.js'
import { shownKey } from './shown-key.js'
import { placeOf, type TracePlace } from './trace-place.js'
import { Tracing } from './tracing.js'

type Send = (record: OutgoingRecord<unknown>) => Promise<SentRecord>

export class ThreadTracing {
  readonly #groupId: string
  readonly #tracing: Tracing
  /** By ticket: of the attempt that runs, or that has failed. */
  readonly #contexts: (TraceContext | undefined)[] = []

  /** @throws ZkError ZK_TRACING_UNAVAILABLE */
  constructor({ groupId, clientId, propagates }: TracingSetup, failed: (error: unknown) => void) {
    this.#groupId = groupId
    this.#tracing = new Tracing(loadOtel(), { tracer: true, propagator: propagates, clientId, failed })
  }

  /** Whether spans of this thread go anywhere. */
  get isRegistered(): boolean {
    return this.#tracing.isRegistered
  }

  /** @param decodes whether its value is still to be decoded, which the executor leaves to this one then */
  around(processor: Processor<unknown>, decodes: boolean): Processor<unknown> {
    return {
      ...(processor.format !== undefined && { format: processor.format }),
      ...(processor.retryable !== undefined && { retryable: (error: unknown) => processor.retryable!(error) }),
      process: (message, ctx) => {
        const run = () => {
          // Bytes that do not decode are a failure of the record, which its span tells as any other.
          if (decodes && processor.format !== undefined) message.value
          return processor.process(message, ctx)
        }
        const attempt = this.#start(message, ctx)
        return attempt === undefined ? run() : this.#run(attempt, run)
      },
    }
  }

  /** A span for one record of a batch, which is active nowhere: the handler runs for all of them. */
  begin(message: Message<unknown>, ctx: DeliveryContext): (fault: { error: unknown } | undefined) => void {
    const attempt = this.#start(message, ctx)
    return (fault) => {
      if (attempt === undefined) return
      if (fault === undefined) this.#done(attempt)
      else this.#failed(attempt, fault.error)
    }
  }

  /** The span of what a handler sends, a child of what it is doing. */
  send(ctx: DeliveryContext, topic: string, record: OutgoingRecord<unknown>, send: Send): Promise<SentRecord> {
    const { api } = this.#tracing
    // `send` says what is wrong with it.
    if (typeof record !== 'object' || record === null || typeof topic !== 'string') return send(record)
    const active = api.context.active()
    // Without a context manager nothing is active; what the handler does belongs to its record all the same.
    const parent = api.trace.getSpan(active) === undefined ? this.#contexts[DeliveryContext.ticketOf(ctx)] : active
    const span = this.#tracing.startWrite(topic, record.partition, parent)
    if (span === undefined) return send(record)
    span.describe(record.key, record.value === null)
    let sent: Promise<SentRecord>
    try {
      const headers = replacing(headersOf(record.headers, errors.ZK_SEND_INVALID), span.headers)
      sent = send({ ...record, headers })
    } catch (error) {
      span.failed(error)
      throw error
    }
    sent.then(
      (where) => span.acknowledged(where),
      (error: unknown) => span.failed(error),
    )
    return sent
  }

  /** Of the attempt that has failed; undefined where it has no span. */
  spanOf(ticket: number): TracePlace | undefined {
    const context = this.#contexts[ticket]
    const span = context && this.#tracing.api.trace.getSpan(context)
    return span && placeOf(span.spanContext())
  }

  /** Before the thread ends. */
  flush(): Promise<void> {
    return this.#tracing.flush()
  }

  #start(message: Message<unknown>, ctx: ProcessContext): Attempt | undefined {
    return this.#tracing.attempt(() => {
      const from = this.#tracing.extract(message.headers)
      const key = shownKey(message.key)
      const span = this.#tracing.startProcess(message.topic, from, {
        [attribute.consumerGroup]: this.#groupId,
        [attribute.partition]: String(message.partition),
        [attribute.offset]: message.offset,
        ...(key !== undefined && { [attribute.key]: key }),
        ...(message.rawValue === null && { [attribute.tombstone]: true }),
        [own.attempt]: ctx.attempt,
        [own.virtualPartition]: ctx.virtualPartition,
      })
      const context = this.#tracing.api.trace.setSpan(from, span)
      const delivery = ctx as DeliveryContext
      this.#contexts[DeliveryContext.ticketOf(delivery)] = context
      return { span, from, context, delivery }
    })
  }

  #run(attempt: Attempt, run: () => void | Promise<void>): void | Promise<void> {
    let result: void | Promise<void>
    try {
      result = this.#tracing.api.context.with(attempt.context, run)
    } catch (error) {
      this.#failed(attempt, error)
      throw error
    }
    if (typeof result?.then === 'function') return this.#settled(attempt, result)
    this.#done(attempt)
    return undefined
  }

  async #settled(attempt: Attempt, result: Promise<void>): Promise<void> {
    try {
      await result
    } catch (error) {
      this.#failed(attempt, error)
      throw error
    }
    this.#done(attempt)
  }

  #done({ span, from, delivery }: Attempt): void {
    const ticket = DeliveryContext.ticketOf(delivery)
    // What it has sent may still fail it. Only who it was is kept then: an ended span is large.
    this.#contexts[ticket] =
      delivery.sends === undefined ? undefined : this.#tracing.api.trace.setSpanContext(from, span.spanContext())
    this.#tracing.attempt(() => span.end())
  }

  #failed({ span, from, delivery }: Attempt, error: unknown): void {
    const { api } = this.#tracing
    this.#contexts[DeliveryContext.ticketOf(delivery)] = api.trace.setSpanContext(from, span.spanContext())
    this.#tracing.attempt(() => {
      const reason = delivery.abortReason
      // A handler that gives up what is not wanted any more has not failed.
      if (reason === undefined || reason === 'timeout') failSpan(api, span, error)
      else span.setAttribute(own.abortReason, reason)
      span.end()
    })
  }
}

interface Attempt {
  readonly span: Span
  /** What the record came with. */
  readonly from: TraceContext
  /** With the span in it. */
  readonly context: TraceContext
  readonly delivery: DeliveryContext
}
