import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startEmbeddedBroker } from '../src/embedded-broker.js'

const run = promisify(execFile)

test('the main entry loads neither node-rdkafka nor kafkajs', async () => {
  const script = `import { createRequire } from 'node:module'
    await import('@zk/testing')
    console.log(Object.keys(createRequire(import.meta.url).cache).filter((file) => /rdkafka|kafkajs/.test(file)).length)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
  expect(stdout).toBe('0\n')
})

test('the embedded broker listens until it is stopped', async () => {
  const broker = await startEmbeddedBroker({ topics: { orders: 3 } })
  const [host, port] = broker.bootstrapServers.split(',')[0]!.split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  socket.destroy()
  await broker.stop()
  await expect(once(connect(Number(port), host), 'connect')).rejects.toThrow('ECONNREFUSED')
})
