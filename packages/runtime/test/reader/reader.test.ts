import type { Format } from '@zk/formats'
import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { parseClientConfig } from '../../src/config/parse-config.js'
import { parseReaderConfig } from '../../src/config/parse-reader-config.js'
import { consumerProperties } from '../../src/config/properties.js'
import { packRecords } from '../../src/kafka/packed-batch.js'
import { Inbox } from '../../src/reader/inbox.js'
import { Reader } from '../../src/reader/reader.js'

/** A membership in which nothing ever arrives, and that cannot be left. */
vi.mock('../../src/reader/subscription.js', () => ({
  Subscription: class {
    readonly inbox = { take: () => undefined }
    async start(): Promise<void> {}
    want(): void {}
    close = (): Promise<void> => Promise.reject(new Error('the brokers do not answer'))
  },
}))

const client = parseClientConfig({ bootstrapServers: ['localhost:9092'] })
const config = parseReaderConfig({ topic: 'orders', groupId: 'g', clientId: 'reads' }, client)
const logger = pino({ level: 'silent' })

describe('a reader', () => {
  test('that cannot leave its group says so, counts as closed all the same, and lets nobody wait', async () => {
    const reader = new Reader({ config, properties: consumerProperties(config, client), logger })
    const waiting = reader.read().catch((error: unknown) => error)
    const closed = reader.close()
    expect(reader.isClosed).toBe(true)
    await expect(closed).rejects.toThrow('the brokers do not answer')
    expect(await waiting).toMatchObject({ code: 'ZK_READER_CLOSED' })
    await expect(reader.read()).rejects.toMatchObject({ code: 'ZK_READER_CLOSED' })
    await expect(reader.close()).rejects.toThrow('the brokers do not answer')
  })
})

test('a record whose schema cannot be had yet goes to whoever waits, and not only when another comes', async () => {
  let tries = 0
  const format: Format<string> = {
    ...{ name: 'slow', decode: (bytes) => Buffer.from(bytes).toString(), encode: (value) => Buffer.from(value) },
    prepareDecode: async () => {
      if (++tries === 1) throw Object.assign(new Error('the registry is down'), { retryable: true })
    },
  }
  const inbox = new Inbox({ maxUncommittedRecords: 10, setPaused: () => {}, restart: () => {}, store: () => {} })
  const [slot] = inbox.assigned([{ topic: 'orders', partition: 0 }])
  const subscribe = (_parts: unknown, { arrived }: { arrived(): void }) => ({
    ...{ inbox, assignments: [], want: () => {}, commit: async () => {}, close: async () => {} },
    start: async () => {
      const value = Buffer.from('v')
      const record = { slot: slot!, offset: 0, timestamp: 0, timestampType: 1, key: null, value, headers: [] }
      inbox.accept(packRecords([record]))
      arrived()
    },
  })
  const reader = new Reader<string>({
    ...{ config: { ...config, format }, properties: consumerProperties(config, client), logger },
    transport: { subscribe },
  })
  const [first, second] = [reader.read(), reader.read()]
  await expect(first).rejects.toThrow('the registry is down')
  expect(await second).toMatchObject({ offset: 0 })
  await reader.close()
})
