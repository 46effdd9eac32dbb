/** The fake client stands for `createClient(...)` in a user's tests: application code here takes a `Client` and knows no other. */
import { json } from '@zk/formats'
import type { Client, RunSummary, WorkEvent, WorkInput } from '@zk/runtime'
import type { Processor } from '@zk/runtime/processor'
import { afterEach } from 'vitest'
import { silent } from '../../src/delivery/recorded-log.js'
import { createFakeClient, type FakeClient, type FakeClientOptions } from '../../src/fake-client.js'
import type { Order } from './bill.js'

const open = new Set<FakeClient>()
export function fakeOf(options: FakeClientOptions = {}): FakeClient {
  const fake = createFakeClient(options)
  open.add(fake)
  return fake
}

afterEach(async () => {
  for (const fake of open) await fake.close()
  open.clear()
})

/** Made once: of two writers of one name the formats must be the same object. */
export const orders = json({ parse: (value) => value as Order })

/** An application's own code. */
export async function placeOrder(client: Client, order: Order): Promise<number> {
  const writer = client.writer({ topic: 'orders', format: orders, logger: silent })
  const { offset } = await writer.writeKey(order.customer, order, { headers: { source: 'shop' } })
  return offset
}

export const billing = (input: Partial<WorkInput> = {}): WorkInput => ({
  ...{ topic: 'orders', groupId: 'billing', processor: new URL('bill.ts', import.meta.url) },
  ...{ processorOptions: { currency: 'EUR' }, ...input },
})

/** A work that runs until the test ends it. */
export function started(client: Client, input: WorkInput, onEvent: (event: WorkEvent) => void = () => {}) {
  const work = client.workFactory({ logger: silent }).create(input)
  const shutdown = new AbortController()
  const running = work.run({ shutdown: shutdown.signal, onEvent })
  running.catch(() => {})
  return {
    work,
    running,
    end(): Promise<RunSummary> {
      shutdown.abort()
      return running
    },
  }
}

export const processed = (process: Processor['process'], more: Partial<Processor> = {}): FakeClientOptions => ({
  loadProcessor: () => ({ process, ...more }),
})
