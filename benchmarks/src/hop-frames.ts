/**
 * Generated batches through the real engine into real threads with a handler that does nothing, and back as acks:
 * `hop-frames.js <threads> <messages>`.
 */
import { ACK_WORDS, type Effects, WorkEngine } from '@zk/engine'
import { PackedBatch, packFrame, packRecords, ThreadHost, TimestampType } from '@zk/runtime/internal'
import type { Clock } from './clock.js'
import { HOP_WINDOW, tellHop, VALUE_BYTES } from './hop-run.js'
import { noopThreads } from './noop-threads.js'

const BATCH = 2_000

await tellHop(frameHop)

async function frameHop(threads: number, messages: number, clock: Clock): Promise<number> {
  let finished: () => void = () => {}
  const done = new Promise<void>((resolve) => {
    finished = resolve
  })
  // As work/effects.ts: a quarter of the thread's share.
  const flushAcks = Math.floor(HOP_WINDOW / threads / 4)
  const nothing = () => {}
  const effects: Effects = {
    dispatch: (thread, tickets, count) => {
      const { sequence } = engine.inFlight
      for (let i = 0; i < count; i++) host.boards[thread]!.queue(tickets[i]!, sequence[tickets[i]!]!, 1)
      host.send(thread, packFrame(engine.inFlight, tickets, count, flushAcks))
    },
    deliveryState: (thread, ticket, sequence) => host.boards[thread]!.deliveryState(ticket, sequence),
    attemptOf: () => 1,
    failureFlags: () => 0,
    hold: nothing,
    cut: nothing,
    pause: nothing,
    resume: nothing,
    store: nothing,
    rewound: nothing,
    restart: nothing,
    drained: nothing,
    deadLetter: nothing,
    failed: nothing,
    completed: nothing,
    processDeaths: () => 0,
    holdStarts: nothing,
    permitStart: nothing,
    withdrawPermit: () => false,
    circuitChanged: nothing,
    stop: nothing,
  }
  const engine = new WorkEngine<PackedBatch>(
    {
      threads,
      concurrency: 1,
      ordering: 'key',
      affinity: 'hash',
      window: { minMessages: HOP_WINDOW, maxMessages: HOP_WINDOW, maxBytes: 2 ** 30 },
      spareRows: BATCH,
      maxUncommittedRecords: 1_000_000,
      onExhausted: 'complete',
    },
    effects,
  )
  const batchAt = batches(threads)
  let read = 0
  const refill = () => {
    while (read < messages && engine.demand().records >= BATCH) {
      engine.records(batchAt(read))
      read += BATCH
    }
  }
  const host = new ThreadHost(noopThreads(threads, engine.inFlight.capacity), {
    message: (thread, message) => {
      if (message.type !== 'acks') return
      engine.acks(thread, new Int32Array(message.acks), message.acks.byteLength / 4 / ACK_WORDS)
      refill()
      clock.see(engine.counters.processed)
      if (engine.counters.processed >= messages) finished()
    },
    notStarted: nothing,
    up: (thread) => engine.threadUp(thread),
    gone: nothing,
    lost: nothing,
  })
  await host.start()
  const [slot] = engine.assigned([{ topic: 'hop', partition: 0 }])
  host.announce(slot!, { topic: 'hop', partition: 0 })
  refill()
  await done
  return engine.counters.processed
}

/** Batches in memory that is used again, as the native reader's is; the copy of the template stands for its memory traffic. */
function batches(threads: number): (offset: number) => PackedBatch {
  const template = groupedBlock(threads)
  const free: ArrayBuffer[] = []
  return (offset) => {
    const buffer = free.pop() ?? new ArrayBuffer(template.byteLength)
    new Uint8Array(buffer).set(template)
    const batch = new PackedBatch(buffer, (released) => free.push(released))
    for (let i = 0; i < BATCH; i++) batch.offsets[i] = offset + i
    return batch
  }
}

/** The bytes of one thread's records lie side by side, as the native reader lays them. */
function groupedBlock(threads: number): Uint8Array {
  const value = Buffer.alloc(VALUE_BYTES, 'x')
  const rest = { slot: 0, timestamp: 0, timestampType: TimestampType.create, value, headers: [] }
  const { bytes, keyHashes, positions, sizes } = packRecords(
    Array.from({ length: BATCH }, (_, i) => ({ ...rest, offset: i, key: Buffer.from(`key-${i}`) })),
  )
  const ungrouped = bytes.slice()
  let to = positions[0]!
  for (let thread = 0; thread < threads; thread++) {
    for (let i = 0; i < BATCH; i++) {
      if (keyHashes[i]! % threads !== thread) continue
      const from = positions[i]!
      const padded = (sizes[i]! + 3) & ~3
      bytes.set(ungrouped.subarray(from, from + padded), to)
      positions[i] = to
      to += padded
    }
  }
  return bytes
}
