/**
 * Spans of OpenTelemetry around what is written, and trace context in headers. Made only where traces are wanted; whoever
 * writes asks nothing otherwise.
 *
 * What a tracer or propagator throws is told to `failed` and changes nothing: the record goes on without it.
 */
import type { DeadLetter } from '../delivery/dead-letter.js'
import type { HeaderPairs } from '../hooks/added-headers.js'
import { within } from '../within.js'
import { loadOtel, type OtelApi, type PropagatorLike, type Span, type TraceContext, type TracerLike } from './otel.js'
import { type Attributes, attribute, commonAttributes, own, spanName } from './semconv.js'
import { headerGetter, writtenBy } from './trace-headers.js'
import { contextOf } from './trace-place.js'
import { WriteSpan } from './write-span.js'

/** The name of our tracer at a provider. */
const SCOPE = '@zk/runtime'
/** How long spans that were not exported yet may take at the end of a run or a thread, in milliseconds. */
const FLUSH_MS = 2_000

export interface TracingOptions {
  /** `true`: of the provider that the program has registered; `false`: no traces. */
  tracer: boolean | TracerLike
  /** `true`: the one that the program has registered; `false`: context is neither read from headers nor written there. */
  propagator: boolean | PropagatorLike
  clientId: string
  failed(error: unknown): void
}

/** @returns undefined where no traces are wanted. @throws ZkError ZK_TRACING_UNAVAILABLE */
export function openTracing(options: TracingOptions): Tracing | undefined {
  return options.tracer === false ? undefined : new Tracing(loadOtel(), options)
}

export class Tracing {
  readonly api: OtelApi
  readonly clientId: string
  readonly #tracer: TracerLike
  readonly #propagator: PropagatorLike | undefined
  readonly #failed: (error: unknown) => void

  constructor(api: OtelApi, { tracer, propagator, clientId, failed }: TracingOptions) {
    this.api = api
    this.clientId = clientId
    this.#tracer = typeof tracer === 'boolean' ? api.trace.getTracer(SCOPE) : tracer
    if (propagator !== false) this.#propagator = propagator === true ? api.propagation : propagator
    this.#failed = failed
  }

  /** The span of a write, whose parent is what the program is doing, unless `parent` says otherwise. */
  startWrite(
    topic: string,
    partition: number | undefined,
    parent = this.api.context.active(),
    more?: Attributes,
  ): WriteSpan | undefined {
    return this.attempt(() => {
      const attributes = { ...commonAttributes('send', topic, this.clientId), ...more }
      if (typeof partition === 'number' && partition >= 0) attributes[attribute.partition] = String(partition)
      const options = { kind: this.api.SpanKind.PRODUCER, attributes }
      const span = this.#tracer.startSpan(spanName('send', topic), options, parent)
      return new WriteSpan(this, span, this.#inject(this.api.trace.setSpan(parent, span)))
    })
  }

  /** The span of a dead letter, which belongs to the attempt that failed; where its thread could not say which, to the record. */
  startLetter({ record, span, cause }: DeadLetter, topic: string, groupId: string): WriteSpan | undefined {
    const from = this.extract(record.headers)
    const parent = span === undefined ? from : contextOf(this.api, from, span)
    const letter = this.startWrite(topic, undefined, parent, {
      [attribute.consumerGroup]: groupId,
      [own.deadLetterCause]: cause,
    })
    letter?.describe(record.key, record.value === null)
    return letter
  }

  startProcess(topic: string, parent: TraceContext, attributes: Attributes): Span {
    return this.#tracer.startSpan(
      spanName('process', topic),
      {
        kind: this.api.SpanKind.CONSUMER,
        attributes: { ...commonAttributes('process', topic, this.clientId), ...attributes },
      },
      parent,
    )
  }

  /** What a record came with. */
  extract(headers: Iterable<readonly [string, Uint8Array | null]>): TraceContext {
    const root = this.api.ROOT_CONTEXT
    return this.attempt(() => this.#propagator?.extract(root, headers, headerGetter)) ?? root
  }

  /** Never throws. */
  attempt<T>(step: () => T): T | undefined {
    try {
      return step()
    } catch (error) {
      this.#failed(error)
      return undefined
    }
  }

  /** Whether the program has registered a provider; without one spans go nowhere. */
  get isRegistered(): boolean {
    const provider = this.api.trace.getTracerProvider() as { getDelegateTracer?(name: string): unknown }
    // Of the API's own, which stands for the one to come.
    return provider.getDelegateTracer === undefined || provider.getDelegateTracer(SCOPE) !== undefined
  }

  /** What the program's provider has not exported yet: a process, or thread, that ends would take it along. */
  async flush(): Promise<void> {
    const provider = this.api.trace.getTracerProvider() as Flushable & { getDelegate?(): Flushable }
    const real = provider.getDelegate?.() ?? provider
    if (typeof real.forceFlush !== 'function') return
    const flushed = Promise.resolve()
      .then(() => real.forceFlush!())
      .catch((error: unknown) => this.#failed(error))
    await within(FLUSH_MS, flushed, undefined)
  }

  #inject(context: TraceContext): HeaderPairs {
    const propagator = this.#propagator
    return propagator === undefined ? [] : writtenBy((carrier, setter) => propagator.inject(context, carrier, setter))
  }
}

/** Of the SDK's providers; the API does not know it. */
interface Flushable {
  forceFlush?(): Promise<void>
}
