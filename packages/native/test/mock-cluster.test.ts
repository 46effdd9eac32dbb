import Kafka from 'node-rdkafka'
import { afterEach, expect, test } from 'vitest'
import { createMockCluster, type MockCluster } from '../src/mock-cluster.js'
import { connect, disconnect, Member, numbered, produce } from './support.js'

let cluster: MockCluster | undefined

afterEach(() => cluster?.close())

function metadata(target: MockCluster, topic?: string): Promise<Kafka.Metadata> {
  const client = new Kafka.Producer({ 'bootstrap.servers': target.bootstrapServers })
  return connect(client as never).then(
    () =>
      new Promise((resolve, reject) => {
        client.getMetadata({ ...(topic && { topic }), timeout: 5_000 }, (error, found) => {
          void disconnect(client as never).then(() => (error ? reject(error) : resolve(found)))
        })
      }),
  )
}

test('has as many brokers and partitions as it was told', async () => {
  cluster = createMockCluster({ brokers: 3, defaultPartitions: 7 })
  expect(cluster.bootstrapServers.split(',')).toHaveLength(3)
  cluster.createTopic('told', 2)
  cluster.createTopic('default')
  const { brokers, topics } = await metadata(cluster)
  expect(brokers.map(({ id }) => id).sort()).toEqual([1, 2, 3])
  const partitions = Object.fromEntries(topics.map(({ name, partitions: all }) => [name, all.length]))
  expect(partitions).toEqual({ told: 2, default: 7 })
})

test('refuses what cannot be', () => {
  cluster = createMockCluster()
  cluster.createTopic('once', 1)
  expect(() => cluster!.createTopic('once', 1)).toThrow(expect.objectContaining({ code: 36 }))
  expect(() => cluster!.setBrokerUp(9, false)).toThrow(expect.objectContaining({ name: 'KafkaError' }))
  expect(() => createMockCluster({ brokers: 0 })).toThrow(RangeError)
  cluster.close()
  cluster.close()
  expect(() => cluster!.createTopic('late', 1)).toThrow(/closed/)
})

test('two clusters in one process know nothing of each other', async () => {
  cluster = createMockCluster()
  const other = createMockCluster()
  cluster.createTopic('here', 1)
  other.createTopic('there', 1)
  expect((await metadata(cluster)).topics.map(({ name }) => name)).toEqual(['here'])
  expect((await metadata(other)).topics.map(({ name }) => name)).toEqual(['there'])
  other.close()
})

test('a broker that goes down and up again is read on from where it was', async () => {
  cluster = createMockCluster()
  cluster.setGroupInitialRebalanceDelay(50)
  cluster.createTopic('down', 1)
  await produce(cluster, 'down', numbered(5, 1))
  const member = await new Member(cluster, 'down').start('down')
  await member.until(() => member.records.length === 5)
  cluster.setBrokerUp(1, false)
  cluster.setBrokerUp(1, true)
  await produce(cluster, 'down', numbered(5, 1))
  await member.until(() => member.records.length === 10)
  expect(member.offsets(0)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  await member.stop()
})

test('a slow broker answers later than a fast one', async () => {
  cluster = createMockCluster()
  const time = async () => {
    const start = performance.now()
    await metadata(cluster!)
    return performance.now() - start
  }
  const fast = await time()
  cluster.setBrokerRoundTripTime(1, 300)
  expect(await time()).toBeGreaterThan(fast + 250)
})
