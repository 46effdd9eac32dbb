import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicIds } from '../src/index.js'
import type { MockCluster } from '../src/mock-cluster.js'
import { disconnect, Member, startCluster } from './support.js'

let cluster: MockCluster
beforeAll(() => {
  cluster = startCluster()
  cluster.createTopic('one', 2)
})
afterAll(() => cluster.close())

const join = async (group: string): Promise<Member> => {
  const member = await new Member(cluster, group).start('one')
  await member.until(() => member.assignedNow.size === 2)
  return member
}

// What the answer is, @zk/testing's tests show on a real Kafka: it comes from the controller, and the controller of which
// librdkafka's mock brokers tell does not exist.
test('no answer: the wait ends at its deadline', async () => {
  const member = await join('late')
  await expect(topicIds(member.consumer, ['one'], 300)).rejects.toMatchObject({ code: -185 })
  await member.stop()
})

test('a disconnect ends the wait', async () => {
  const member = await join('closing')
  const refused = expect(topicIds(member.consumer, ['one'], 30_000)).rejects.toMatchObject({ code: -172 })
  await disconnect(member.consumer)
  await refused
})

test('of nothing asks nobody', async () => {
  const member = await join('nothing')
  expect(await topicIds(member.consumer, [], 1)).toEqual(new Map())
  await member.stop()
})
