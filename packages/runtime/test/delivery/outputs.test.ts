import { AssignmentTable, InFlightTable, Phase } from '@zk/engine'
import { expect, test, vi } from 'vitest'
import { Outputs } from '../../src/delivery/outputs.js'
import { MainThread } from '../../src/health/main-thread.js'
import { openWriteHooks, type WriteHooks } from '../../src/hooks/write-hooks.js'
import type { PackedBatch } from '../../src/kafka/packed-batch.js'
import type { DeliveryListener, Producer, RecordToSend } from '../../src/kafka/producer.js'
import { addressOutgoing, packOutgoing } from '../../src/threads/outgoing-record.js'
import { packSends, readReports, type SendReport } from '../../src/threads/send-batch.js'

/** Rows 0 to 7 run on thread 0, with the sequence numbers 100 to 107. */
function desk({
  open = (producer: Producer) => Promise.resolve(producer),
  writes,
}: {
  open?: (producer: Producer) => Promise<Producer>
  writes?: WriteHooks | undefined
} = {}) {
  const inFlight = new InFlightTable<PackedBatch>(8)
  const assignments = new AssignmentTable()
  const { slot, epoch } = assignments.assign({ topic: 'orders', partition: 0 })
  for (let row = 0; row < 8; row++) {
    const ticket = inFlight.take()
    inFlight.phase[ticket] = Phase.dispatched
    inFlight.slot[ticket] = slot
    inFlight.epoch[ticket] = epoch
    inFlight.thread[ticket] = 0
    inFlight.sequence[ticket] = 100 + ticket
  }
  const written: { value: string; token: number; headers?: unknown }[] = []
  let listener: DeliveryListener | undefined
  const producer = {
    isFull: false,
    carries: () => true,
    channel: (given: DeliveryListener) => {
      listener = given
      return {
        send: ({ value, headers }: RecordToSend, token: number) =>
          written.push({ value: String(value), token, ...(headers.length > 0 && { headers }) }),
      }
    },
  }
  const answers: { thread: number; reports: SendReport[] }[] = []
  const openProducer = vi.fn(() => open(producer as unknown as Producer))
  const outputs = new Outputs({
    engine: { inFlight, assignments },
    host: {
      answerSends: (thread, { reports, errors }) =>
        answers.push({ thread, reports: [...readReports(reports, errors)] }),
    },
    threads: 2,
    writes,
    openProducer,
  })
  return {
    ...{ outputs, written, answers, producer, openProducer, inFlight, assignments, slot },
    send(thread: number, ...sends: { id: number; ticket?: number; sequence?: number; value?: string }[]) {
      const records = sends.map(({ id, ticket = 0, sequence = 100 + ticket, value = `v${id}` }) => {
        const packed = packOutgoing('out', { value })
        addressOutgoing(packed, id, ticket, sequence)
        return packed
      })
      outputs.accept(thread, packSends(records))
      return turned()
    },
    report(value: string, partition = 0, offset = 0) {
      listener!.delivered(written.find((one) => one.value === value)!.token, undefined, partition, offset)
    },
    fail(value: string) {
      const error = { code: 10, message: 'too large', mayBeWritten: false }
      listener!.delivered(written.find((one) => one.value === value)!.token, error, -1, -1)
    },
  }
}

const turned = () => new Promise(setImmediate)
const superseded = (id: number) => ({ id, partition: -1, offset: -1, error: { type: 'superseded' } })

test('nothing is opened before something is sent; sends are written in order, and answered together', async () => {
  const { send, written, answers, report, fail, openProducer, outputs } = desk()
  expect(openProducer).not.toHaveBeenCalled()
  await send(0, { id: 4 }, { id: 5, ticket: 1 })
  await send(0, { id: 6 })
  expect(openProducer).toHaveBeenCalledOnce()
  expect(written.map(({ value }) => value)).toEqual(['v4', 'v5', 'v6'])
  expect(outputs.waiting).toBe(3)
  report('v5', 3, 77)
  fail('v4')
  await turned()
  expect(answers).toEqual([
    {
      thread: 0,
      reports: [
        { id: 5, partition: 3, offset: 77, error: undefined },
        { id: 4, partition: -1, offset: -1, error: { type: 'failed', code: 10, message: 'too large' } },
      ],
    },
  ])
  expect(outputs.waiting).toBe(1)
  expect(outputs.counters).toEqual({ acknowledged: 1, failed: 1, refused: 0 })
})

test.each<[string, (at: ReturnType<typeof desk>) => void]>([
  ['was sent again', ({ inFlight }) => inFlight.sequence.set([108])],
  ['has ended', ({ inFlight }) => inFlight.phase.set([Phase.free])],
  ['was cut before it started', ({ inFlight }) => inFlight.phase.set([Phase.abandoned])],
  ['is another thread’s by now', ({ inFlight }) => inFlight.thread.set([1])],
  ['is of an assignment that is over', ({ assignments, slot }) => assignments.end(slot)],
])('a send of a delivery that %s is not written, and rejects', async (_what, change) => {
  const at = desk()
  change(at)
  await at.send(0, { id: 1 })
  expect(at.written).toEqual([])
  expect(at.answers).toMatchObject([{ thread: 0, reports: [superseded(1)] }])
  expect(at.outputs.counters.refused).toBe(1)
})

test('where the producer is full sends wait, are looked at again when there is room, and keep their order', async () => {
  const at = desk()
  await at.send(0, { id: 0 })
  at.producer.isFull = true
  await at.send(0, { id: 1, ticket: 1 }, { id: 2, ticket: 2 }, { id: 3, ticket: 3 })
  expect(at.written).toHaveLength(1)
  at.inFlight.sequence[2] = 200
  at.producer.isFull = false
  at.report('v0')
  await turned()
  expect(at.written.map(({ value }) => value)).toEqual(['v0', 'v1', 'v3'])
  expect(at.answers.flatMap(({ reports }) => reports.map(({ id }) => id))).toEqual([0, 2])
})

test('a producer that others have filled is looked at again by itself', async () => {
  const at = desk()
  at.producer.isFull = true
  await at.send(0, { id: 0 })
  at.producer.isFull = false
  await vi.waitFor(() => expect(at.written).toHaveLength(1))
})

test('a thread that is gone gets no answer, and its successor none of its predecessor’s; what it had not handed over is dropped', async () => {
  const at = desk()
  await at.send(0, { id: 0 })
  at.producer.isFull = true
  await at.send(0, { id: 1, ticket: 1 })
  at.outputs.threadGone(0)
  at.producer.isFull = false
  at.inFlight.sequence[0] = 200
  await at.send(0, { id: 0, sequence: 200, value: 'again' })
  at.report('v0')
  await turned()
  expect(at.answers).toEqual([])
  at.report('again', 0, 9)
  await turned()
  expect(at.answers).toEqual([{ thread: 0, reports: [{ id: 0, partition: 0, offset: 9, error: undefined }] }])
  expect(at.written.map(({ value }) => value)).toEqual(['v0', 'again'])
})

test('a producer that cannot be made fails the sends, and the next one tries again', async () => {
  let tries = 0
  const at = desk({
    open: (producer) => (++tries === 1 ? Promise.reject(new Error('no such property')) : Promise.resolve(producer)),
  })
  await at.send(0, { id: 0 })
  expect(at.answers).toMatchObject([{ reports: [{ id: 0, error: { type: 'failed', message: 'no such property' } }] }])
  await at.send(0, { id: 1 })
  expect(at.written.map(({ value }) => value)).toEqual(['v1'])
})

test('hooks: headers are added to what is written, and only to that; each answer is told once', async () => {
  const preWrite = vi.fn(() => ({ headers: { by: 'hook' } }))
  const postAck = vi.fn()
  const quiet = () => {}
  const log = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet, fatal: quiet }
  const writes = openWriteHooks({ hooks: { preWrite, postAck }, groupId: 'g', mainThread: new MainThread(log) })
  const { send, written, answers, report, fail } = desk({ writes })
  // The second is of a delivery that was superseded.
  await send(0, { id: 1 }, { id: 2, ticket: 1, sequence: 5 }, { id: 3, ticket: 2 })
  expect(preWrite).toHaveBeenCalledTimes(2)
  expect(written.map(({ headers }) => headers)).toEqual(Array(2).fill([['by', Buffer.from('hook')]]))
  report('v1', 1, 40)
  fail('v3')
  await turned()
  expect(postAck.mock.calls).toMatchObject([
    [{ kind: 'output', topic: 'out', partition: 1, offset: 40, error: undefined }],
    [{ kind: 'output', topic: 'out', offset: -1, error: { code: 10 } }],
  ])
  expect(answers.flatMap(({ reports }) => reports.map(({ id }) => id)).sort()).toEqual([1, 2, 3])
})
