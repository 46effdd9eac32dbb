/** The real engine with one thread, which ends records when a test says so; of its effects only those that are given happen. */
import { ACK_WORDS, type Effects, Outcome, WorkEngine } from '@zk/engine'
import { type PackedBatch, packRecords, TimestampType } from '../../src/kafka/packed-batch.js'

export const TOPIC = 'orders'

export function engineDesk(given: Partial<Effects> = {}) {
  const nothing = () => {}
  const effects = new Proxy(given, { get: (of, name: keyof Effects) => of[name] ?? nothing }) as Effects
  const engine = new WorkEngine<PackedBatch>(
    {
      ...{ threads: 1, concurrency: 1, ordering: 'key', affinity: 'hash' },
      ...{ window: { minMessages: 100, maxMessages: 100, maxBytes: 100_000 }, spareRows: 20 },
      ...{ maxUncommittedRecords: 1_000, onExhausted: 'complete' },
    },
    effects,
  )
  engine.threadUp(0)
  return {
    engine,
    assign: (partition: number, known = {}) => engine.assigned([{ topic: TOPIC, partition, ...known }])[0]!,
    read(slot: number, ...offsets: number[]) {
      const rest = { key: null, value: null, headers: [], timestamp: 0, timestampType: TimestampType.none }
      engine.records(packRecords(offsets.map((offset) => ({ slot, offset, ...rest }))))
    },
    finish(slot: number, ...offsets: number[]) {
      const { slot: slots, offset: at, sequence } = engine.inFlight
      for (const ticket of engine.inFlight.dispatched()) {
        if (slots[ticket] !== slot || !offsets.includes(at[ticket]!)) continue
        const ack = Int32Array.of(ticket, sequence[ticket]!, Outcome.done, 0)
        engine.acks(0, ack, ack.length / ACK_WORDS)
      }
    },
  }
}
