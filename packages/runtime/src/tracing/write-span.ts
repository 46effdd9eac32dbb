/** The span of one record that is written: an output, a dead letter, or a write without a work. */
import type { HeaderPairs } from '../hooks/added-headers.js'
import { replacing } from '../hooks/added-headers.js'
import type { RecordToSend } from '../kafka/producer-client.js'
import { failSpan } from './fail-span.js'
import type { Span } from './otel.js'
import { attribute } from './semconv.js'
import { shownKey } from './shown-key.js'
import type { Tracing } from './tracing.js'

export class WriteSpan {
  /** By which the record's reader finds the span: none where nothing is propagated. */
  readonly headers: HeaderPairs
  readonly #tracing: Pick<Tracing, 'api' | 'attempt'>
  readonly #span: Span
  #refusal: unknown

  constructor(tracing: Pick<Tracing, 'api' | 'attempt'>, span: Span, headers: HeaderPairs) {
    this.#tracing = tracing
    this.#span = span
    this.headers = headers
  }

  /** The record, once it is known, with the headers of the span in the place of those of the same name. */
  headed(record: RecordToSend): RecordToSend {
    this.describe(record.key, record.value === null)
    return { ...record, headers: replacing(record.headers, this.headers) }
  }

  describe(key: unknown, isTombstone: boolean): void {
    this.#tracing.attempt(() => {
      const shown = shownKey(key)
      if (shown !== undefined) this.#span.setAttribute(attribute.key, shown)
      if (isTombstone) this.#span.setAttribute(attribute.tombstone, true)
    })
  }

  /** The brokers have it. */
  acknowledged({ partition, offset }: { partition: number; offset: number }): void {
    this.#tracing.attempt(() => {
      this.#span.setAttribute(attribute.partition, String(partition))
      // Nobody acknowledges a write of `requestRequiredAcks: '0'`.
      if (offset >= 0) this.#span.setAttribute(attribute.offset, offset)
      this.#span.end()
    })
  }

  failed(error: unknown): void {
    this.#tracing.attempt(() => {
      failSpan(this.#tracing.api, this.#span, error)
      this.#span.end()
    })
  }

  /** It was refused, and may be tried again. */
  refused(error: unknown): void {
    this.#refusal = error
  }

  /** It is not tried again. */
  givenUp(): void {
    if (this.#refusal !== undefined) this.failed(this.#refusal)
    else this.#tracing.attempt(() => this.#span.end())
  }
}
