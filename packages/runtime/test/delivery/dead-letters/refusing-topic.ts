/** A dead letter topic whose answers the test gives, by a clock that stands still; both are new for each test. */
import { pino } from 'pino'
import { afterEach, beforeEach, expect, vi } from 'vitest'
import type { DeadLetter } from '../../../src/delivery/dead-letter.js'
import { DeadLetters, type DeadLettersOptions, type LetterProducer } from '../../../src/delivery/dead-letters.js'
import type { DeliveryError } from '../../../src/kafka/delivery-error.js'
import type { DeliveryListener, RecordToSend } from '../../../src/kafka/producer.js'
import type { ZkError } from '../../../src/zk-error.js'
import { letter } from '../letters.js'

export const REFUSED: DeliveryError = { code: 19, message: 'Broker: Not enough in-sync replicas', mayBeWritten: false }
export const LOST: DeliveryError = { code: -192, message: 'Local: Message timed out', mayBeWritten: true }
export const TOO_LARGE: DeliveryError = { code: 10, message: 'Broker: Message size too large', mayBeWritten: false }

export interface Sent {
  record: RecordToSend
  isAlone: boolean
  offset: number
  /** Answers it. */
  report(error?: DeliveryError, partition?: number): void
}

/** A producer whose answers the test gives. */
class FakeProducer implements LetterProducer {
  readonly sent: Sent[]
  readonly #isAlone: boolean

  constructor(sent: Sent[] = [], isAlone = false) {
    this.sent = sent
    this.#isAlone = isAlone
  }

  /** As without the addon. */
  isPoor = false
  carries(value: Uint8Array | null) {
    return !this.isPoor || value !== null
  }

  channel(listener: DeliveryListener) {
    return {
      send: (record: RecordToSend, token: number) => {
        const offset = Number(new Map(record.headers).get('__dlq.errors.offset'))
        const report = (error?: DeliveryError, partition = 0) =>
          listener.delivered(token, error, partition, error === undefined ? 1 : -1)
        this.sent.push({ record, isAlone: this.#isAlone, offset, report })
      },
    }
  }

  sibling(properties: Record<string, unknown>): FakeProducer {
    expect(properties).toEqual({ 'batch.num.messages': 1 })
    return new FakeProducer(this.sent, true)
  }

  async flush() {
    return true
  }
  async close() {}

  /** What was sent since the last call. */
  take(): Sent[] {
    return this.sent.splice(0)
  }
}

export const log: { level: string; message: string }[] = []
export const logger = pino(
  { level: 'info', formatters: { level: (level) => ({ level }) } },
  { write: (line: string) => log.push(((one) => ({ level: one.level, message: one.msg }))(JSON.parse(line))) },
)

export let producer: FakeProducer
export let failures: ZkError[]
beforeEach(() => {
  vi.useFakeTimers()
  producer = new FakeProducer()
  failures = []
  log.length = 0
})

afterEach(() => {
  vi.useRealTimers()
})

export function open(more: Partial<DeadLettersOptions> = {}): DeadLetters {
  return new DeadLetters({
    ...{ topic: 'orders.dlt', oversized: 'truncate', producer, logger, style: 'zk', groupId: 'g', maxStackBytes: 100 },
    failed: (error) => failures.push(error),
    random: () => 0,
    ...more,
  })
}

/** Writes letters of a partition; `done` has the offsets that were answered. */
export function writer(letters: DeadLetters, isWanted: (offset: number) => boolean = () => true) {
  const done: [offset: number, written: boolean][] = []
  const write = (offset: number, more: Partial<DeadLetter> = {}) =>
    letters.write(letter({ offset, partition: 0, ...more }), {
      isWanted: () => isWanted(offset),
      done: (written) => done.push([offset, written]),
    })
  return { done, write }
}

export const offsets = (sent: readonly Sent[]) => sent.map(({ offset }) => offset)
