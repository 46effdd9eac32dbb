/** What the compiler knows of configurations, and what it refuses: judged by `tsc -p tsconfig.tests.json`. */
import type { json } from '@zk/formats'
import { describe, expectTypeOf, test } from 'vitest'
import type {
  Client,
  ClientInput,
  OAuthToken,
  OnDone,
  ReaderInput,
  SaslInput,
  WorkFactoryOptions,
  WorkInput,
  WriterInput,
} from '../../src/index.js'

describe('a client', () => {
  test('needs its brokers, and knows the ways of SASL and their fields', () => {
    expectTypeOf<ClientInput['bootstrapServers']>().toExtend<readonly string[] | string>()
    expectTypeOf<{ bootstrapServers: string[] }>().toExtend<ClientInput>()
    // @ts-expect-error where are they?
    expectTypeOf<{ clientId: string }>().toExtend<ClientInput>()
    const sasl: SaslInput[] = [
      { mechanism: 'plain', username: 'u', password: 'p' },
      { mechanism: 'scram-sha-256', username: 'u', password: 'p' },
      { mechanism: 'scram-sha-512', username: 'u', password: 'p' },
      { mechanism: 'oauthbearer', token: async (): Promise<OAuthToken> => ({ value: 't', expiresAt: 1 }) },
    ]
    expectTypeOf(sasl).toEqualTypeOf<SaslInput[]>()
    // @ts-expect-error a mechanism that librdkafka does not have
    sasl.push({ mechanism: 'MD5', username: 'u', password: 'p' })
    // @ts-expect-error no such field
    sasl.push({ mechanism: 'plain', user: 'u', password: 'p' })
  })
})

describe('a work', () => {
  const work = { topic: 'orders', groupId: 'billing', processor: './p.ts' }

  test('needs a group and a processor; its fields are known by name and type', () => {
    expectTypeOf(work).toExtend<WorkInput>()
    expectTypeOf<Exclude<WorkInput['onExhausted'], undefined>>().toEqualTypeOf<'complete' | 'stop'>()
    expectTypeOf<Exclude<WorkInput['autoOffsetReset'], undefined>>().toEqualTypeOf<'earliest' | 'latest' | 'error'>()
    expectTypeOf<OnDone>().toExtend<Exclude<WorkInput['onDone'], undefined>>()
    const accept = (_input: WorkInput) => {}
    accept({ ...work, retry: { attempts: 3 }, deadLetterTopic: 'orders.dlt', processTimeoutMs: 5_000 })
    accept({ ...work, deadLetterTopic: { topic: 'orders.dlt', headerStyle: 'spring' } })
    // @ts-expect-error a group is missing
    accept({ topic: 'orders', processor: './p.ts' })
    // @ts-expect-error it is processTimeoutMs
    accept({ ...work, processTimeoutMillis: 5_000 })
    // @ts-expect-error milliseconds are a number
    accept({ ...work, processTimeoutMs: '5s' })
    // @ts-expect-error no such policy
    accept({ ...work, onExhausted: 'drop' })
    // @ts-expect-error no such field of retry
    accept({ ...work, retry: { times: 3 } })
    // @ts-expect-error hooks of the threads are the processor's
    accept({ ...work, hooks: { preProcessing() {} } })
  })

  test('may have its defaults from the factory, but for what says which one it is', () => {
    expectTypeOf<WorkFactoryOptions>().toHaveProperty('retry')
    expectTypeOf<WorkFactoryOptions>().toHaveProperty('logger')
    for (const name of ['topic', 'topics', 'groupId', 'processor'] as const) expectTypeOf(name).toBeString()
    expectTypeOf<WorkFactoryOptions>().not.toHaveProperty('topic')
    expectTypeOf<WorkFactoryOptions>().not.toHaveProperty('topics')
    expectTypeOf<WorkFactoryOptions>().not.toHaveProperty('groupId')
    expectTypeOf<WorkFactoryOptions>().not.toHaveProperty('processor')
  })
})

describe('readers and writers', () => {
  test('know their fields, and those of each other not', () => {
    expectTypeOf<ReaderInput<string>['format']>().toEqualTypeOf<ReturnType<typeof json<string>> | undefined>()
    expectTypeOf<ReaderInput<never>>().toHaveProperty('groupId')
    expectTypeOf<ReaderInput<never>>().not.toHaveProperty('partitioner')
    expectTypeOf<ReaderInput<never>>().not.toHaveProperty('processor')
    expectTypeOf<WriterInput<never>>().toHaveProperty('partitioner')
    expectTypeOf<WriterInput<never>>().not.toHaveProperty('groupId')
    expectTypeOf<Exclude<WriterInput<never>['requestRequiredAcks'], undefined>>().toEqualTypeOf<
      'all' | '-1' | '1' | '0'
    >()
    const use = (client: Client) => {
      // @ts-expect-error acknowledgements are named
      client.writer({ topic: 'a', requestRequiredAcks: 1 })
      // @ts-expect-error a reader has no partitioner
      client.reader({ topic: 'a', groupId: 'g', partitioner: 'murmur2' })
    }
    expectTypeOf(use).toBeFunction()
  })
})
