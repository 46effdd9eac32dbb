import { nameOf } from '@zk/engine'
import { expect, test } from 'vitest'
import type { Committed, Finished } from '../../src/kafka/committer.js'
import type { Logger } from '../../src/log/logger.js'
import { Commits } from '../../src/work/commits.js'
import { engineDesk, TOPIC } from './engine-desk.js'

/** What the broker has taken. */
type Answer = (points: readonly Finished[]) => Promise<readonly Committed[]>
const takeAll: Answer = async (points) => points

/** Commits of a real engine, to a broker that is a list. */
function desk() {
  const sent: Finished[] = []
  const told: Committed[] = []
  const logged: object[] = []
  let answer: Answer = takeAll
  const { engine, ...rest } = engineDesk({
    store: (slot, offset, finished) => commits.stored(engine.assignments.at(slot)!, offset, finished),
  })
  const log = (fields: object) => void logged.push(fields)
  const commits = new Commits({
    engine,
    consumer: {
      commit: (points) => {
        sent.push(...points)
        return answer(points)
      },
    },
    logger: { debug: log, warn: log, error: log } as unknown as Logger,
    intervalMs: 1_000,
    everyRecords: 100,
    onCommitted: (offsets) => void told.push(...offsets),
  })
  const take = (list: Committed[]) => list.splice(0).map((one) => `${nameOf(one)}@${one.offset}`)
  return {
    ...rest,
    engine,
    commits,
    commit: () =>
      commits.commit(
        [...engine.assignments].map(({ slot }) => slot),
        1_000,
      ),
    /** How every commit from now on is answered. */
    answers(next: Answer) {
      answer = next
    },
    /** What was sent since the last look. */
    points: () => sent.splice(0).map(({ partition, offset, finished }) => ({ partition, offset, finished })),
    sent: () => take(sent),
    told: () => take(told),
    toldWith: () => told.splice(0).map(({ offset, finished }) => ({ offset, finished })),
    logged: () => logged.splice(0),
  }
}

const refuse =
  (refused: number): Answer =>
  async (points) =>
    points.filter(({ partition }) => partition !== refused)

test('of a commit that is refused for one partition the others count as committed, and that one is sent again', async () => {
  const { commits, assign, read, finish, answers, commit, sent, told, logged } = desk()
  const [kept, refused] = [assign(0), assign(1)]
  read(kept, 0, 1, 2)
  finish(kept, 0, 1, 2)
  read(refused, 0, 1)
  finish(refused, 0, 1)
  answers(refuse(1))
  expect(await commit()).toBeUndefined()
  expect([sent(), told()]).toEqual([['orders/0@3', 'orders/1@2'], ['orders/0@3']])
  expect([commits.covered, commits.committed(kept), commits.committed(refused)]).toEqual([3, 3, undefined])
  expect(logged()).toMatchObject([{ topic: TOPIC, partition: 1 }])

  // The other has nothing new to tell; and a person is told once.
  await commit()
  expect([sent(), told(), logged()]).toEqual([['orders/1@2'], [], []])

  answers(takeAll)
  await commit()
  expect([sent(), told()]).toEqual([['orders/1@2'], ['orders/1@2']])
  expect(commits.covered).toBe(5)
})

test('tells what was finished above each offset, as far as the commit carried it, also when the offset stays', async () => {
  const { assign, read, finish, answers, commit, toldWith } = desk()
  const slot = assign(0)
  read(slot, 0, 1, 2, 3, 4, 5)
  finish(slot, 0, 2)
  await commit()
  finish(slot, 4)
  answers(async (points) => points.map((point) => ({ ...point, finished: [2, 3] })))
  await commit()
  // Nothing new.
  await commit()
  expect(toldWith()).toEqual([
    { offset: 1, finished: [2, 3] },
    { offset: 1, finished: [2, 3] },
  ])
})

test('a refused partition does not keep its owner from giving it back', async () => {
  const { assign, engine, read, finish, answers, commit, sent } = desk()
  const slot = assign(0)
  read(slot, 0)
  finish(slot, 0)
  answers(refuse(0))
  expect(await commit()).toBeUndefined()
  engine.gone([slot])
  await commit()
  expect(sent()).toEqual(['orders/0@1'])
})

test('a proof that the assignment is ours repeats what the group knows, with what is finished above the offset', async () => {
  const { commits, assign, read, finish, points } = desk()
  assign(0, { committed: 5, finished: [7, 9] })
  const slot = assign(1, { committed: 5, finished: [8, 9] })
  read(slot, 5, 6)
  finish(slot, 6)
  expect(await commits.prove()).toBe(true)
  expect(points()).toEqual([
    { partition: 0, offset: 5, finished: [7, 9] },
    { partition: 1, offset: 5, finished: [6, 7, 8, 9] },
  ])
})

test('a commit waits for a proof that is under way, which may send its older offsets once more', async () => {
  const { commits, assign, read, finish, answers, commit, sent } = desk()
  const slot = assign(0)
  read(slot, 0, 1)
  finish(slot, 0)
  let answerProof = () => {}
  answers((points) => new Promise((resolve) => (answerProof = () => resolve(points))))
  const proof = commits.prove()
  finish(slot, 1)
  answers(takeAll)
  const committed = commit()
  await Promise.resolve()
  commits.tick(1_000)
  expect(sent()).toEqual(['orders/0@1'])
  answerProof()
  expect([await proof, await committed, sent()]).toEqual([true, undefined, ['orders/0@2']])
})

test('a partition that is refused proves as well as one that is taken; a commit that is refused proves nothing', async () => {
  const { commits, assign, answers } = desk()
  assign(0, { committed: 5 })
  answers(refuse(0))
  expect(await commits.prove()).toBe(true)
  answers(async () => Promise.reject(new Error('not in the generation')))
  expect(await commits.prove()).toBe(false)
})
