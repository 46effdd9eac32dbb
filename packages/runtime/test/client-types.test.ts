/** What the compiler knows of readers and writers: judged by `tsc -p tsconfig.tests.json`. */
import { json, string } from '@zk/formats'
import { expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { createClient } from '../src/client.js'
import type { Reader } from '../src/reader/reader.js'
import type { ReaderMessage } from '../src/reader/reader-message.js'
import type { Writer } from '../src/writer/writer.js'

const client = createClient({ bootstrapServers: ['localhost:9092'] })

test('a writer takes what its format encodes, or null; without a format bytes and texts', async () => {
  const orders = client.writer({ topic: 'a', format: json(z.object({ amount: z.number() })) })
  expectTypeOf(orders).toEqualTypeOf<Writer<{ amount: number }>>()
  expectTypeOf(orders.write).parameter(0).toEqualTypeOf<{ amount: number } | null>()
  expectTypeOf(orders.writeRaw).parameter(1).toEqualTypeOf<Uint8Array | string | null>()
  const plain = client.writer({ topic: 'b' })
  expectTypeOf(plain.write).parameter(0).toEqualTypeOf<Uint8Array | string | null>()
  // @ts-expect-error an object needs a format
  await expect(plain.write({ amount: 3 })).rejects.toMatchObject({ code: 'ZK_WRITE_INVALID' })
})

test('a reader gives what its format decodes, or null; without a format a Buffer', () => {
  const texts = client.reader({ topic: 'a', groupId: 'g', format: string })
  expectTypeOf(texts).toEqualTypeOf<Reader<string>>()
  expectTypeOf(texts.read).returns.resolves.toEqualTypeOf<ReaderMessage<string> | null>()
  const plain = client.reader({ topic: 'b', groupId: 'h' })
  expectTypeOf(plain.read).returns.resolves.toEqualTypeOf<ReaderMessage<Buffer> | null>()
  expectTypeOf<ReaderMessage<string>['value']>().toEqualTypeOf<string | null>()
})

test('fields are known by name', () => {
  // @ts-expect-error it is lingerMs
  expect(() => client.writer({ topic: 'c', lingerMillis: 5 })).toThrow('lingerMillis: is not a field')
  // @ts-expect-error a reader needs a group
  expect(() => client.reader({ topic: 'c' })).toThrow('groupId: is missing')
})
