/** Where a writer places its records. */
import { Partitioners } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { clientOf, logger } from './clients.js'
import { stage } from './the-stage.js'

describe('partitioners', () => {
  const keys = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? `é${i}` : `key-${i}`))
  const PARTITIONS = 7

  test('murmur2_random places keys where Java and kafkajs place them', async () => {
    const topic = await stage.topic(PARTITIONS)
    const writer = clientOf().writer({ topic, partitioner: 'murmur2_random', logger })
    const sent = await Promise.all(keys.map((key) => writer.writeKey(key, 'v')))
    const partitionMetadata = Array.from({ length: PARTITIONS }, (_, partitionId) => ({ partitionId, leader: 1 }))
    const place = Partitioners.DefaultPartitioner()
    const expected = keys.map((key) =>
      place({ topic, partitionMetadata: partitionMetadata as never, message: { key: Buffer.from(key), value: null } }),
    )
    expect(sent.map(({ partition }) => partition)).toEqual(expected)
  })

  test("the default places keys by librdkafka's CRC32, where existing producers of zkafka have put them", async () => {
    const topic = await stage.topic(PARTITIONS)
    const writer = clientOf().writer({ topic, logger })
    const sent = await Promise.all(keys.map((key) => writer.writeKey(key, 'v')))
    expect(sent.map(({ partition }) => partition)).toEqual(keys.map((key) => crc32(Buffer.from(key)) % PARTITIONS))
  })

  test('records without a key are spread, and a partition that is named is taken', async () => {
    const topic = await stage.topic(PARTITIONS)
    const writer = clientOf().writer({ topic, logger, additionalProps: { 'sticky.partitioning.linger.ms': 0 } })
    const sent = await Promise.all(keys.map(() => writer.write('v')))
    expect(new Set(sent.map(({ partition }) => partition)).size).toBeGreaterThan(1)
    const named = await Promise.all(keys.map((key) => writer.writeKey(key, 'v', { partition: 5 })))
    expect(new Set(named.map(({ partition }) => partition))).toEqual(new Set([5]))
    await expect(writer.write('v', { partition: PARTITIONS })).rejects.toMatchObject({
      code: 'ZK_WRITE_FAILED',
      retryable: false,
    })
  })
})

/** ISO 3309, as in zlib, which Node 20 does not offer. */
function crc32(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
