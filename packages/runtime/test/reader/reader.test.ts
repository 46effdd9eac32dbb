import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { parseClientConfig } from '../../src/config/parse-config.js'
import { parseReaderConfig } from '../../src/config/parse-reader-config.js'
import { consumerProperties } from '../../src/config/properties.js'
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
