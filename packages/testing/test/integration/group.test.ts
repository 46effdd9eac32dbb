/** How members form a group: its protocols, and members with a name. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { byKey, disorder, places } from './journal.js'
import { isReal, keyed, type Play } from './stage.js'
import { stage } from './the-stage.js'
import { eventually } from './waiting.js'
import { zkRun } from './zk.js'

// The embedded broker keeps no places for static members.
describe.runIf(isReal)('a static member', () => {
  test('comes back to its partitions without a rebalance', async () => {
    const topic = await stage.topic(4)
    const produced = await stage.produce(topic, keyed(200))
    const journal = stage.journal()
    const settings = { topic, processorOptions: { journal: journal.path, ms: 1 } }
    const first = stage.play({ ...settings, groupInstanceId: 'a' })
    const named = { ...settings, groupId: first.groupId, groupInstanceId: 'b' }
    const second = stage.play(named)
    const owned = (play: Play) => play.work.state()?.partitions.map(({ partition }) => partition) ?? []
    // Whichever of them joins first has all of them for a moment.
    await eventually(() => owned(first).length === 2 && owned(second).length === 2)
    const partitions = owned(second)
    const before = first.events.all.length
    await second.drain()
    produced.push(...(await stage.produce(topic, keyed(100))))

    const again = stage.play(named)
    expect((await again.change('assigned')).partitions.map(({ partition }) => partition).sort()).toEqual(
      partitions.sort(),
    )
    await journal.untilDone(produced.length)
    const changes = first.events.all
      .slice(before)
      .filter((event) => 'partitions' in event && event.partitions.length > 0)
    expect(changes).toEqual([])
    expect(places(journal.starts())).toEqual(places(produced))
  })

  test('is fenced by another of its name: ZK_FENCED, exit code 3, and the other works', async () => {
    const topic = await stage.topic(4)
    const group = randomUUID()
    const [before, after] = [stage.journal(), stage.journal()]
    const args = ['--instance-id', 'pod-0']
    const first = zkRun(stage, { topic, group, options: { journal: before.path }, args })
    const produced = await stage.produce(topic, keyed(100))
    await before.untilDone(100)
    await first.printed.until(({ event }) => event === 'committed')
    const second = stage.play({
      ...{ topic, groupId: group, groupInstanceId: 'pod-0' },
      processorOptions: { journal: after.path },
    })
    expect((await first.exited).code).toBe(3)
    expect(first.printed.all).toContainEqual(expect.objectContaining({ event: 'error', code: 'ZK_FENCED' }))
    expect(first.stderr()).toContain('pod-0')
    const fresh = await stage.produce(topic, keyed(40))
    const done = () => new Set(places(after.done()))
    await after.until(() => places(fresh).every((place) => done().has(place)))
    expect(new Set(places([...before.done(), ...after.done()]))).toEqual(new Set(places([...produced, ...fresh])))
    expect(await second.drain()).toMatchObject({ reason: 'drained', blocked: [] })
  })

  test('with KIP-848 the one that comes second is refused: ZK_FENCED, exit code 3, and the first goes on', async () => {
    const topic = await stage.topic(4)
    const group = randomUUID()
    const journal = stage.journal()
    const args = ['--instance-id', 'pod-0', '--group-protocol', 'consumer']
    const given = { topic, group, options: { journal: journal.path }, args }
    const first = zkRun(stage, given)
    await first.printed.until(({ event }) => event === 'ready')
    const second = zkRun(stage, given)
    expect((await second.exited).code).toBe(3)
    expect(second.printed.all).toContainEqual(expect.objectContaining({ event: 'error', code: 'ZK_FENCED' }))
    await stage.produce(topic, keyed(40))
    await journal.untilDone(40)
    first.kill('SIGTERM')
    expect((await first.exited).code).toBe(0)
    expect(first.last()).toMatchObject({ event: 'stopped', processed: 40, committed: 40 })
  })
})

describe('the protocol of KIP-848', () => {
  test('a group of it forms, none of the classic protocol, and who leaves is not waited for', async () => {
    const topic = await stage.topic(4)
    await stage.produce(topic, keyed(40))
    const journal = stage.journal()
    const settings = { topic, groupProtocol: 'consumer', processorOptions: { journal: journal.path } } as const
    const first = stage.play(settings)
    await journal.untilDone(40)
    if (isReal) expect(await stage.classicState(first.groupId)).toBe('Dead')
    const second = stage.play({ ...settings, groupId: first.groupId })
    await second.change('assigned')
    const before = first.events.all.length
    await second.drain()
    await first.change('assigned', before)
    await stage.produce(topic, keyed(40))
    await journal.untilDone(80)
    expect(disorder(journal.lines(), byKey)).toEqual([])
  })
})
