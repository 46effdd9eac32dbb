/** A processor under a debugger. */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { DebuggerClient } from './debugger-client.js'
import { stage } from './the-stage.js'
import { type Zk, zkRun } from './zk.js'

const paused = fileURLToPath(new URL('./processors/paused.ts', import.meta.url))
const DEADLINE_MS = 300

async function inspectorOf(zk: Zk): Promise<string> {
  const line = await zk.log.until((text) => text.includes('Debugger listening on'))
  return /ws:\/\/\S+/.exec(line)![0]
}

test('stops at a breakpoint in the TypeScript of the processor, and stays there past its deadline', async () => {
  const topic = await stage.topic(1)
  const args = ['--speedup', '1', '--timeout', String(DEADLINE_MS), '--prop', 'session.timeout.ms=60000']
  const env = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }
  const zk = zkRun(stage, { topic, group: randomUUID(), options: {}, processor: paused, args, env })
  const client = await DebuggerClient.connect(await inspectorOf(zk))
  await zk.printed.until(({ event }) => event === 'assigned')
  const thread = await client.thread()
  await thread.call('Debugger.enable')
  const scripts = thread.received.all.filter(({ method }) => method === 'Debugger.scriptParsed')
  const compiled = scripts.find(({ params }) => /paused\.ts\.zk-\w+\.mjs$/.test(String(params!.url)))
  expect(String(compiled!.params!.sourceMapURL)).toMatch(/^data:application\/json/)
  // What a debugger does with the source map for a breakpoint in paused.ts.
  const code = readFileSync(fileURLToPath(String(compiled!.params!.url)), 'utf8').split('\n')
  const lineNumber = code.findIndex((line) => line.includes('return `at '))
  await thread.call('Debugger.setBreakpointByUrl', { url: compiled!.params!.url, lineNumber })

  await stage.produce(topic, [{ key: 'a' }])
  const stop = await thread.event('Debugger.paused')
  const frames = stop.params!.callFrames as { functionName: string }[]
  expect(frames[0]!.functionName).toBe('breakHere')
  await delay(5 * DEADLINE_MS)
  await thread.call('Debugger.resume')
  await zk.printed.until(({ event }) => event === 'committed')
  client.close()
  zk.kill('SIGTERM')
  expect((await zk.exited).code).toBe(0)
  expect(zk.last()).toMatchObject({ event: 'stopped', processed: 1, failed: 0, threadDeaths: 0 })
  expect(zk.log.all.filter((line) => line.includes('handlers have no deadlines'))).toHaveLength(1)
})

test('one that comes later, by SIGUSR1, ends the deadlines too', async () => {
  const topic = await stage.topic(1)
  const journal = stage.journal()
  const args = ['--speedup', '1', '--timeout', String(DEADLINE_MS)]
  const options = { journal: journal.path, ms: 5 * DEADLINE_MS }
  const zk = zkRun(stage, { topic, group: randomUUID(), options, args })
  await zk.printed.until(({ event }) => event === 'assigned')
  zk.kill('SIGUSR1')
  await zk.log.until((line) => line.includes('handlers have no deadlines'))
  await stage.produce(topic, [{ key: 'a' }])
  await journal.untilDone(1)
  zk.kill('SIGTERM')
  expect((await zk.exited).code).toBe(0)
  expect(zk.last()).toMatchObject({ processed: 1, failed: 0, threadDeaths: 0 })
})
