import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startEmbeddedBroker } from '../src/embedded-broker.js'

const run = promisify(execFile)

test('the main entry loads neither node-rdkafka nor kafkajs', async () => {
  const refuse = `export async function resolve(specifier, context, next) {
    if (/^(node-rdkafka|kafkajs|@zk\\/native)/.test(specifier)) throw new Error('it loads ' + specifier)
    return next(specifier, context)
  }`
  const script = `import { register } from 'node:module'
    register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(refuse)}`)})
    console.log(Object.keys(await import('@zk/testing')).length > 0)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: import.meta.dirname })
  expect(stdout).toBe('true\n')
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
