/** What happens between the group, librdkafka, the reader and the listener, and in which order; all of them are lists. */
import { type AssignedPartition, nameOf, type TopicPartition } from '@zk/engine'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { AssignmentChanges, type AssignmentChangesOptions } from '../../src/kafka/assignment-changes.js'

const LOOK_MS = 5_000
const ORDERS: TopicPartition[] = [{ topic: 'orders', partition: 0 }]

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function desk() {
  const happened: string[] = []
  const names = (partitions: readonly TopicPartition[]) => partitions.map(nameOf).join(' ') || 'nothing'
  const note = (what: string) => (partitions: readonly TopicPartition[]) =>
    void happened.push(`${what} ${names(partitions)}`)
  const state = {
    topicId: 'one',
    closing: false,
    /** How the next seeks end. */
    seekErrors: [] as Error[],
    takesMore: true,
    revoked: async (_partitions: readonly TopicPartition[]) => {},
  }
  const options = {
    kafka: {
      rebalanceProtocol: () => 'COOPERATIVE',
      isConnected: () => true,
      incrementalAssign: note('assign'),
      incrementalUnassign: note('unassign'),
      position: (partitions: TopicPartition[]) => partitions.map((partition) => ({ ...partition, offset: 100 })),
      seek: ({ offset }: { offset: number }, _timeout: number, done: (error: Error | null) => void) => {
        happened.push(`seek ${offset}`)
        queueMicrotask(() => done(state.seekErrors.shift() ?? null))
      },
    },
    reader: {
      attach: () => {},
      detach: () => {},
      hold: async () => void happened.push('hold'),
      release: () => void happened.push('release'),
    },
    committer: {
      committed: async (asked: TopicPartition[]) => asked.map((one) => ({ ...one, offset: 5, finished: [7, 8] })),
      assignmentLost: () => false,
    },
    native: { topicIds: async () => new Map([['orders', state.topicId]]) },
    listener: {
      assigned: (partitions: readonly AssignedPartition[]) => {
        const known = partitions.map(({ committed }) => (committed === undefined ? '' : ` from ${committed}`))
        happened.push(`assigned ${names(partitions)}${known.join('')}`)
        return state.takesMore ? partitions.map(({ partition }) => partition) : undefined
      },
      revoked: (partitions: readonly TopicPartition[]) => {
        note('revoked')(partitions)
        return state.revoked(partitions)
      },
      voided: (partition: TopicPartition) => note('voided')([partition]),
      failed: (error: Error) => void happened.push(error.message),
    },
    logger: { warn: () => {}, error: (_: object, message: string) => void happened.push(message) },
    handOver: () => void happened.push('hand over'),
    isClosing: () => state.closing,
  }
  return {
    state,
    changes: new AssignmentChanges(options as unknown as AssignmentChangesOptions),
    /** What has happened since the last look. */
    async happened() {
      await vi.advanceTimersByTimeAsync(0)
      return happened.splice(0)
    },
  }
}

test('an assignment is answered between two reads, with what the group has committed', async () => {
  const { changes, happened } = desk()
  changes.told('assign', ORDERS)
  expect(await happened()).toEqual([...['hold', 'hand over', 'assigned orders/0 from 5', 'assign orders/0', 'release']])
})

test('changes wait for the one before: what comes back while it is given back is assigned after that', async () => {
  const { changes, state, happened } = desk()
  changes.told('assign', ORDERS)
  await happened()
  let drained = () => {}
  state.revoked = () =>
    new Promise((resolve) => {
      drained = resolve
    })
  changes.told('unassign', ORDERS)
  changes.told('assign', ORDERS)
  expect(await happened()).toEqual(['hand over', 'revoked orders/0'])
  drained()
  expect(await happened()).toEqual([
    ...['hold', 'hand over', 'unassign orders/0', 'release'],
    ...['hold', 'hand over', 'assigned orders/0 from 5', 'assign orders/0', 'release'],
  ])
})

test('a run that takes nothing more answers with nothing, and gives nothing of it back later', async () => {
  const { changes, state, happened } = desk()
  state.takesMore = false
  changes.told('assign', ORDERS)
  expect(await happened()).toContain('assign nothing')
  state.closing = true
  changes.told('unassign', ORDERS)
  expect(await happened()).toEqual(['unassign nothing'])
})

test('a consumer that closes answers an assignment with nothing, for which librdkafka would wait, and gives back what it has', async () => {
  const { changes, state, happened } = desk()
  changes.told('assign', ORDERS)
  await happened()
  state.closing = true
  changes.told('assign', [{ topic: 'orders', partition: 1 }])
  changes.told('unassign', ORDERS)
  expect(await happened()).toEqual(['assign nothing', 'unassign orders/0'])
})

test('a topic that was made anew begins a new epoch where it begins: nothing is known of it', async () => {
  const { changes, state, happened } = desk()
  changes.told('assign', ORDERS)
  await happened()
  state.topicId = 'two'
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(await happened()).toEqual([
    ...['hold', 'hand over', 'seek -2', 'hand over', 'voided orders/0', 'assigned orders/0', 'release'],
  ])
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(await happened()).toEqual([])
})

test('one that could not be set to its beginning is tried again with the next look', async () => {
  const { changes, state, happened } = desk()
  changes.told('assign', ORDERS)
  await happened()
  state.topicId = 'two'
  state.seekErrors = [new Error('Local: Timed out')]
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  const failed = await happened()
  expect(failed).not.toContain('voided orders/0')
  expect(failed.at(-1)).toMatch('tried again')
  await vi.advanceTimersByTimeAsync(LOOK_MS)
  expect(await happened()).toContain('voided orders/0')
})

test('a partition that was given back meanwhile is not set to another position', async () => {
  const { changes, happened } = desk()
  changes.told('assign', ORDERS)
  changes.told('unassign', ORDERS)
  changes.restart(ORDERS[0]!, 3)
  expect((await happened()).filter((what) => what.startsWith('seek'))).toEqual([])
})
