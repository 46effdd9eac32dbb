/** A process that stands still for longer than its group waits for it, and goes on. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { byKey, disorder, type Journal, places } from './journal.js'
import { keyed } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'
import { type Zk, zkRun } from './zk.js'

/** What is committed when all of 400 records are. */
const ALL = [100, 100, 100, 100]

const machineMs = () => Number(process.hrtime.bigint()) / 1e6

const owned = (zk: Zk, from = 0) =>
  zk.printed.until(({ event, partitions }) => event === 'assigned' && (partitions as unknown[]).length > 0, from)

const committedOffsets = (zk: Zk, from: number) =>
  zk.printed.all
    .slice(from)
    .filter(({ event }) => event === 'committed')
    .flatMap(({ offsets }) => offsets as readonly { partition: number; offset: number }[])

/** The process reads and runs records, and many wait in its threads. */
async function atWork(topic: string, group: string, journal: Journal): Promise<Zk> {
  const zk = zkRun(stage, { topic, group, options: { journal: journal.path, ms: 20 }, args: ['--speedup', '2'] })
  await journal.untilDone(40)
  return zk
}

test('whose partitions others have taken over meanwhile starts nothing of them, commits nothing, and works again', async () => {
  const topic = await stage.topic(4)
  const group = randomUUID()
  const produced = await stage.produce(topic, keyed(400))
  const [before, after] = [stage.journal(), stage.journal()]
  const frozen = await atWork(topic, group, before)
  frozen.kill('SIGSTOP')
  const other = stage.play({ topic, groupId: group, processorOptions: { journal: after.path } })
  // The other has nothing to commit before the session of the frozen one has ended.
  const committedBefore = await stage.committed(group, topic)
  const isAll = (offsets: readonly number[]) => offsets.every((offset, i) => offset === ALL[i])
  await eventually(async () => isAll(await stage.committed(group, topic)))
  expect(new Set(places([...before.done(), ...after.done()]))).toEqual(new Set(places(produced)))
  const started = before.starts().length
  const printed = frozen.printed.all.length

  const wokenAt = machineMs()
  frozen.kill('SIGCONT')
  await frozen.printed.until(({ event }) => event === 'lost')
  await owned(frozen, printed)
  expect(before.starts()).toHaveLength(started)
  // In the moment of the stop two handlers ran.
  expect(before.lines().filter((line) => line.type === 'end' && line.at > wokenAt).length).toBeLessThanOrEqual(2)
  // The broker's answer to a commit made before the stop is read only after it.
  const late = committedOffsets(frozen, printed).filter(({ partition, offset }) => offset > committedBefore[partition]!)
  expect(late).toEqual([])
  expect(frozen.printed.all.filter(({ event }) => event === 'thread-gone')).toEqual([])
  expect(await stage.committed(group, topic)).toEqual(ALL)

  const fresh = await stage.produce(topic, keyed(80))
  const isDone = (lines: readonly { offset: number }[]) => lines.filter(({ offset }) => offset >= 100).length
  await eventually(() => isDone(before.done()) + isDone(after.done()) === fresh.length)
  expect(isDone(before.done())).toBeGreaterThan(0)
  expect(disorder(before.lines(), byKey)).toEqual([])
  await other.drain()
  frozen.kill('SIGTERM')
  expect((await frozen.exited).code).toBe(0)
})

test('whose group was empty meanwhile never sets a committed offset back', async () => {
  const topic = await stage.topic(4)
  const group = randomUUID()
  await stage.produce(topic, keyed(400))
  const [before, after] = [stage.journal(), stage.journal()]
  const frozen = await atWork(topic, group, before)
  frozen.kill('SIGSTOP')
  const committedBefore = await stage.committed(group, topic)
  const other = stage.play({ topic, groupId: group, processorOptions: { journal: after.path } }, { untilEnd: true })
  expect(await other.run).toMatchObject({ reason: 'drained' })
  expect(await stage.committed(group, topic)).toEqual(ALL)
  const printed = frozen.printed.all.length

  frozen.kill('SIGCONT')
  await owned(frozen, printed)
  expect(await stage.committed(group, topic)).toEqual(ALL)
  frozen.kill('SIGTERM')
  expect((await frozen.exited).code).toBe(0)
  expect(await stage.committed(group, topic)).toEqual(ALL)
  // Nor did it for a moment: what it was told then is the late answer to a commit made before the stop, or no less than all.
  const back = committedOffsets(frozen, printed).filter(
    ({ partition, offset }) => offset > committedBefore[partition]! && offset < ALL[partition]!,
  )
  expect(back).toEqual([])
})

test('for less than that goes on as soon as the group has confirmed it', async () => {
  const topic = await stage.topic(4)
  const group = randomUUID()
  const journal = stage.journal()
  const produced = await stage.produce(topic, keyed(400))
  // Longer than half of the session, and not the whole of it.
  const args = ['--speedup', '2', '--prop', 'session.timeout.ms=10000']
  const zk = zkRun(stage, { topic, group, options: { journal: journal.path, ms: 5 }, args })
  await journal.untilDone(40)
  zk.kill('SIGSTOP')
  const until = machineMs() + 5_500
  await eventually(() => machineMs() > until)
  zk.kill('SIGCONT')
  await journal.untilDone(produced.length)
  expect(zk.stderr()).toContain('The process stood still')
  expect(zk.stderr()).toContain('has confirmed the assignment')
  expect(places(journal.starts())).toEqual(places(produced))
  zk.kill('SIGTERM')
  expect((await zk.exited).code).toBe(0)
})
