/** A group of eager members as zkafka makes them, which ours take over while it works. docs/guides/from-zkafka.md tells how. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { byKey, disorder, type Journal, places } from './journal.js'
import { keyed, type Play } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'
import { Zk } from './zk.js'

const PARTITIONS = 4
const EAGER = 'range,roundrobin'

interface Group {
  topic: string
  groupId: string
  journal: Journal
}

/** Not ours. */
function eagerMember({ topic, groupId, journal }: Group): Zk {
  const program = fileURLToPath(new URL('./programs/eager-member.mjs', import.meta.url))
  const env = { BROKERS: stage.bootstrapServers, GROUP: groupId, TOPIC: topic, JOURNAL: journal.path, MS: '4' }
  const member = Zk.program(program, env)
  stage.alsoEnd(member)
  return member
}

const has = (member: Zk, count: number) =>
  member.printed.until(({ event, partitions }) => event === 'assigned' && partitions === count)

const owned = (plays: readonly Play[]) =>
  plays.flatMap(({ work }) => work.state()?.partitions.map(({ partition }) => partition) ?? []).sort()

/** Deliveries of this process so far, or of all others. */
const byUs = (journal: Journal) => journal.starts().filter(({ id }) => id.startsWith(`${process.pid}.`)).length
const byOthers = (journal: Journal) => journal.starts().length - byUs(journal)

test('a group of eager members rolls over to ours, and on to cooperative-sticky: nothing is lost, nothing runs twice', async () => {
  const topic = await stage.topic(PARTITIONS)
  const group = { topic, groupId: stage.groupName(), journal: stage.journal() }
  const { journal } = group
  const produced = await stage.produce(topic, keyed(800))
  const more = async () => void produced.push(...(await stage.produce(topic, keyed(800))))
  /** Whatever moves now, moves while there is work. */
  const isBusy = () => expect(journal.starts().length).toBeLessThan(produced.length)

  const old = [eagerMember(group), eagerMember(group)]
  await Promise.all(old.map((member) => has(member, 2)))
  await journal.untilDone(100)

  // The first step: ours beside them, with their strategies.
  const ours = { topic, groupId: group.groupId, processorOptions: { journal: journal.path, ms: 4 }, concurrency: 4 }
  const eager = { ...ours, assignmentStrategy: EAGER } as const
  await more()
  const first = stage.play(eager)
  const { partitions } = await first.change('assigned')
  isBusy()
  expect(partitions.length).toBeLessThan(PARTITIONS)
  await more()
  const [theirs, since] = [byOthers(journal), byUs(journal)]
  await journal.until(() => byOthers(journal) > theirs + 20 && byUs(journal) > since + 20)

  // One after the other.
  old[0]!.kill('SIGTERM')
  expect((await old[0]!.exited).code, old[0]!.stderr()).toBe(0)
  await more()
  const second = stage.play(eager)
  await second.change('assigned')
  isBusy()
  await more()
  old[1]!.kill('SIGTERM')
  expect((await old[1]!.exited).code, old[1]!.stderr()).toBe(0)
  await more()
  await eventually(() => owned([first, second]).join() === '0,1,2,3')

  // The second step: all stop, and start without the field.
  isBusy()
  expect(await Promise.all([first.drain(), second.drain()])).toMatchObject([{ blocked: [] }, { blocked: [] }])
  await more()
  const last = [stage.play(ours), stage.play(ours)]
  await eventually(() => owned(last).join() === '0,1,2,3' && last.every((play) => owned([play]).length === 2))
  await journal.untilDone(produced.length)
  await Promise.all(last.map((play) => play.drain()))

  expect(places(journal.starts())).toEqual(places(produced))
  expect(disorder(journal.lines(), byKey)).toEqual([])
  const each = produced.length / PARTITIONS
  expect(await stage.committed(group.groupId, topic)).toEqual(new Array(PARTITIONS).fill(each))
})

test('without that setting the eager members refuse ours, which says why, and they go on', async () => {
  const topic = await stage.topic(PARTITIONS)
  const group = { topic, groupId: stage.groupName(), journal: stage.journal() }
  const old = eagerMember(group)
  await has(old, PARTITIONS)
  const refused = stage.play({ topic, groupId: group.groupId, processorOptions: { journal: group.journal.path } })
  const { error } = await refused.ended
  expect(error).toMatchObject({ code: 'ZK_GROUP_REFUSED', message: expect.stringContaining('assignmentStrategy') })
  await stage.produce(topic, keyed(40))
  await group.journal.untilDone(40)
  expect(byUs(group.journal)).toBe(0)
})
