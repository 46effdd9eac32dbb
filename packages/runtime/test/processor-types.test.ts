/** What the compiler knows in a handler and in hooks: judged by `tsc -p tsconfig.tests.json`. */

import { bytes, withSchemaId } from '@zk/formats'
import { avro, avroRegistry } from '@zk/formats/avro'
import { proto, protoRegistry } from '@zk/formats/proto'
import { jsonRegistry } from '@zk/formats/registry'
import { describe, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import type { Logger } from '../src/log/logger.js'
import {
  type AbortReason,
  type BatchContext,
  type BatchProcessor,
  type ContextValues,
  defineHooks,
  defineProcessor,
  type Format,
  type HandlerAbort,
  json,
  type ProcessContext,
  type SentRecord,
  string,
  type ThreadInfo,
} from '../src/processor.js'

const Order = z.object({ amount: z.number() })
interface Order {
  amount: number
}
const registry = { url: 'mock://types' }
const schema = { type: 'record', name: 'Order', fields: [{ name: 'amount', type: 'double' }] } as const

describe('message.value', () => {
  test('is what the format decodes, or null for a tombstone', () => {
    defineProcessor({
      format: string,
      process: ({ value }) => expectTypeOf(value).toEqualTypeOf<string | null>() as never,
    })
    defineProcessor({
      format: json(Order),
      process({ value, rawValue, key }) {
        expectTypeOf(value).toEqualTypeOf<Order | null>()
        expectTypeOf(rawValue).toEqualTypeOf<Buffer | null>()
        expectTypeOf(key).toEqualTypeOf<Buffer | null>()
      },
    })
    defineProcessor({ format: json(), process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<unknown>() })
  })

  test('is a Buffer without a format', () => {
    defineProcessor({
      process({ value }) {
        expectTypeOf(value).toEqualTypeOf<Buffer | null>()
      },
    })
  })

  test('is the value of avro, and of the registry’s formats', () => {
    defineProcessor({
      format: avro<Order>({ schema }),
      process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Order | null>(),
    })
    defineProcessor({
      format: avroRegistry<Order>({ registry, schema }),
      process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Order | null>(),
    })
    defineProcessor({
      format: jsonRegistry({ registry, validate: Order }),
      process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Order | null>(),
    })
  })

  test('is the message of proto, in all of its encodings and of a registry, whatever id stands before it', () => {
    // As generated code has it; what a message is, @zk/formats knows and its tests show.
    type Desc = Parameters<typeof proto>[0]
    type Shape = ReturnType<ReturnType<typeof proto<Desc>>['decode']>
    const use = (desc: Desc) => {
      defineProcessor({
        format: proto(desc, { encoding: 'json' }),
        process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Shape | null>(),
      })
      defineProcessor({
        format: protoRegistry(desc, { registry }),
        process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Shape | null>(),
      })
    }
    expectTypeOf(use).toBeFunction()
    defineProcessor({
      format: withSchemaId(7, json(Order)),
      process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Order | null>(),
    })
    defineProcessor({ format: bytes, process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<Buffer | null>() })
  })

  test('is the value of a format of one’s own', () => {
    const own: Format<bigint> = { name: 'own', decode: () => 1n, encode: () => Buffer.alloc(0) }
    defineProcessor({ format: own, process: ({ value }) => void expectTypeOf(value).toEqualTypeOf<bigint | null>() })
  })
})

describe('a batch', () => {
  test('has messages of the format, and a ctx with what setup returns', () => {
    const processor = defineProcessor({
      format: json(Order),
      setup: async () => ({ db: 'x' }),
      async processBatch(messages, ctx) {
        expectTypeOf(messages[0]!.value).toEqualTypeOf<Order | null>()
        expectTypeOf(ctx).toEqualTypeOf<BatchContext<{ db: string }>>()
        expectTypeOf(ctx.of(messages[0]!)).toEqualTypeOf<ProcessContext<{ db: string }>>()
        ctx.fail(messages[0]!, new Error('bad'))
        expectTypeOf(ctx.send('out', { value: 'text' })).toEqualTypeOf<Promise<SentRecord>>()
        // @ts-expect-error an object needs a format
        void ctx.send('out', { value: { amount: 3 } })
      },
    })
    expectTypeOf(processor).toEqualTypeOf<BatchProcessor<Order, unknown, { db: string }>>()
    defineProcessor({ processBatch: ([first]) => void expectTypeOf(first!.value).toEqualTypeOf<Buffer | null>() })
  })

  test('has messages of any format, one’s own too, and what setup returns at once', () => {
    const own: Format<bigint> = { name: 'own', decode: () => 1n, encode: () => Buffer.alloc(0) }
    defineProcessor({
      format: own,
      setup: ({ options }: ThreadInfo<{ url: string }>) => ({ url: options.url }),
      processBatch(messages, ctx) {
        expectTypeOf(messages[0]!.value).toEqualTypeOf<bigint | null>()
        expectTypeOf(messages[0]!.rawValue).toEqualTypeOf<Buffer | null>()
        expectTypeOf(ctx.state).toEqualTypeOf<{ url: string }>()
        expectTypeOf(ctx.of(messages[0]!).state).toEqualTypeOf<{ url: string }>()
        // @ts-expect-error a failure belongs to a message of the batch
        ctx.fail('key', new Error('bad'))
      },
    })
    defineProcessor({
      format: avroRegistry<Order>({ registry, schema }),
      processBatch: ([first], ctx) => {
        expectTypeOf(first!.value).toEqualTypeOf<Order | null>()
        expectTypeOf(ctx.state).toEqualTypeOf<unknown>()
      },
    })
    // @ts-expect-error a format decodes and encodes
    defineProcessor({ format: { name: 'half', decode: () => 1n }, processBatch: () => {} })
  })

  test('and single messages exclude each other, and one of the two there must be', () => {
    // @ts-expect-error both
    defineProcessor({ process() {}, processBatch() {} })
    // @ts-expect-error none
    defineProcessor({ format: string })
  })
})

describe('ctx', () => {
  test('has the state that setup returns, awaited, and setup the options that it says', () => {
    defineProcessor({
      setup: async ({ index, options }: ThreadInfo<{ url: string }>) => ({ db: `${options.url} ${index}` }),
      process(_message, ctx) {
        expectTypeOf(ctx).toEqualTypeOf<ProcessContext<{ db: string }>>()
        expectTypeOf(ctx.state).toEqualTypeOf<{ db: string }>()
      },
    })
    defineProcessor({ process: (_message, { state }) => void expectTypeOf(state).toEqualTypeOf<unknown>() })
  })

  test('has the rest by these types', () => {
    expectTypeOf<ProcessContext['attempt']>().toEqualTypeOf<number>()
    expectTypeOf<ProcessContext['deadline']>().toEqualTypeOf<number | undefined>()
    expectTypeOf<ProcessContext['extendDeadline']>().toEqualTypeOf<(ms: number) => boolean>()
    expectTypeOf<ProcessContext['signal']>().toEqualTypeOf<AbortSignal>()
    expectTypeOf<ProcessContext['log']>().toEqualTypeOf<Logger>()
    expectTypeOf<ProcessContext['values']>().toEqualTypeOf<ContextValues>()
    expectTypeOf<ProcessContext['idempotencyKey']>().toEqualTypeOf<string>()
    expectTypeOf<HandlerAbort['reason']>().toEqualTypeOf<AbortReason>()
    expectTypeOf<AbortReason>().toEqualTypeOf<'timeout' | 'revoked' | 'shutdown' | 'aborted'>()
  })

  test('sends bytes and texts, and other values only with their format', () => {
    defineProcessor({
      async process(_message, ctx) {
        expectTypeOf(ctx.send('out', { value: 'text' })).toEqualTypeOf<Promise<SentRecord>>()
        void ctx.send('out', { value: { amount: 3 } }, { format: json(Order) })
        // @ts-expect-error an object needs a format
        void ctx.send('out', { value: { amount: 3 } })
        // @ts-expect-error it is not what the format encodes
        void ctx.send('out', { value: { amount: 'three' } }, { format: json(Order) })
      },
    })
  })
})

test('hooks see the message of their format, and nothing of ctx by which they could change a record', () => {
  defineHooks<Order, { db: string }>({
    preProcessing({ value }, ctx) {
      expectTypeOf(value).toEqualTypeOf<Order | null>()
      expectTypeOf(ctx.state).toEqualTypeOf<{ db: string }>()
      expectTypeOf(ctx).not.toHaveProperty('send')
      expectTypeOf(ctx).not.toHaveProperty('extendDeadline')
    },
    postProcessing: (_message, _ctx, { status }) => void expectTypeOf(status).toEqualTypeOf<'done' | 'failed'>(),
  })
})
