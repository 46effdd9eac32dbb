/** What a factory gives to its works, and what becomes of all when a client is closed. */
import { createServer } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, onTestFinished, test } from 'vitest'
import { createClient } from '../src/client.js'
import type { Work } from '../src/work.js'

const client = () => createClient({ bootstrapServers: ['localhost:1'] })
const one = { topic: 'orders', groupId: 'billing', processor: './processor.js' }
const code = (run: () => unknown): string => {
  try {
    run()
    return 'none'
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  }
}

test('a default that is wrong is refused by the factory, and one that says which work it is has no place there', () => {
  expect(code(() => client().workFactory({ retry: { attempts: 0 } }))).toMatch(
    /ZK_CONFIG_INVALID: .*workFactory.*retry\.attempts/s,
  )
  expect(code(() => client().workFactory({ drainTimeoutMs: 'soon' as never }))).toMatch(
    /expected a whole number of milliseconds/,
  )
  for (const name of ['topic', 'topics', 'groupId', 'processor']) {
    expect(code(() => client().workFactory({ [name]: 'x' } as never))).toMatch(`${name}: is not a field`)
  }
  expect(code(() => client().workFactory({ hooks: { preProcessing() {} } as never }))).toMatch(
    /hooks\.preProcessing: runs in the threads/,
  )
  expect(code(() => client().workFactory({ hooks: { postread() {} } as never }))).toMatch(/did you mean postRead\?/)
  expect(code(() => client().workFactory({ hooks: { postAck: 5 } as never }))).toMatch(/hooks\.postAck: is no function/)
  expect(code(() => client().workFactory({ hooks: [] as never }))).toMatch(
    /hooks: is an empty array; expected an object of hooks/,
  )
})

test('defaults are checked together with what the work gives', () => {
  const factory = client().workFactory({ drainTimeoutMs: 9_000, deadLetterTopic: 'orders' })
  expect(code(() => factory.create(one))).toMatch(/ZK_CONFIG_CONFLICT.*deadLetterTopic/s)
  // The work's own takes its place, field by field; undefined is not given; false is none.
  expect(code(() => factory.create({ ...one, deadLetterTopic: 'orders.dlt' }))).toBe('none')
  expect(code(() => factory.create({ ...one, deadLetterTopic: false }))).toBe('none')
  expect(code(() => factory.create({ ...one, deadLetterTopic: undefined as never }))).toMatch(/ZK_CONFIG_CONFLICT/)
  expect(code(() => factory.create({ ...one, deadLetterTopic: false, maxPollIntervalMs: 9_500 }))).toMatch(
    /drainTimeoutMs/,
  )
  expect(code(() => factory.create(undefined as never))).toMatch(/ZK_CONFIG_INVALID/)
})

test('nothing connects by being made: neither a client, nor its works, writers and readers', async () => {
  let connections = 0
  const broker = createServer((socket) => {
    connections++
    socket.destroy()
  })
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void broker.close())
  const { port } = broker.address() as { port: number }
  const owner = createClient({ bootstrapServers: [`127.0.0.1:${port}`] })
  owner.workFactory().create(one)
  owner.writer({ topic: 'orders' })
  const reader = owner.reader({ topic: 'orders', groupId: 'g' })
  // Nothing may happen meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(connections).toBe(0)
  // It would have been noticed.
  reader.read({ timeoutMs: 0 }).catch(() => {})
  await expect.poll(() => connections, { timeout: 10_000 }).toBeGreaterThan(0)
  await owner.close()
})

test('hooks may be a class’s', () => {
  class Audit {
    postAck() {}
  }
  const work: Work = client().workFactory({ hooks: new Audit() }).create(one)
  expect(work.state()).toBeUndefined()
})

test('what one cannot close keeps nothing else from being closed: works, then writers, then readers; and it is told', async () => {
  const owner = client()
  const closed: string[] = []
  const fails = (one: { close(): Promise<void> }, name: string) => {
    one.close = async () => {
      closed.push(name)
      throw new Error(`the ${name} cannot`)
    }
  }
  const work = owner.workFactory().create(one)
  fails(work, 'work')
  // Its processor is not there, which is found out later.
  work.run().catch(() => {})
  fails(owner.writer({ topic: 'orders' }), 'writer')
  fails(owner.reader({ topic: 'orders', groupId: 'g' }), 'reader')
  await expect(owner.close()).rejects.toThrow('cannot')
  expect(closed).toEqual(['work', 'writer', 'reader'])
})

test('a work that does not run is nobody’s but its owner’s: a service may make one for each job', async () => {
  const owner = client()
  const ran = async () => {
    const work = owner.workFactory().create(one)
    // Its processor is not there.
    await work.run().catch(() => {})
    return new WeakRef(work)
  }
  const made = await ran()
  await new Promise(setImmediate)
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  expect(made.deref()).toBeUndefined()
  await owner.close()
})
