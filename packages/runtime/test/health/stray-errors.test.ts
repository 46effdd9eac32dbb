/** In processes of their own, which such errors end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, test } from 'vitest'

const dist = new URL('../../dist/health/', import.meta.url)

/** Runs a program with a `mainThread`, and says what it wrote and how it ended. */
async function run(program: string) {
  const source = `
    import { MainThread } from '${new URL('main-thread.js', dist)}'
    import { watchStrayErrors } from '${new URL('stray-errors.js', dist)}'
    const say = (_fields, message) => console.log(message ?? _fields)
    const logger = { trace: say, debug: say, info: say, warn: say, error: ({ err }, message) => console.log(message, err?.message ?? err), fatal: say }
    const mainThread = new MainThread(logger)
    const soon = (then) => setTimeout(then, 30)
    ${program}
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', source])
  let out = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      out += text
    })
  }
  const [code] = await once(child, 'close')
  return { code, out }
}

const later: Record<string, string> = {
  'a timer that it started throws': `mainThread.call('onDone', () => { setTimeout(() => { throw new Error('later') }, 5) })`,
  'a promise that it did not return rejects': `mainThread.call('onDone', () => { void Promise.reject(new Error('later')) })`,
  'an async function that it did not await fails later': `mainThread.call('onDone', () => {
    void (async () => {
      await new Promise((resolve) => setTimeout(resolve, 5))
      throw new Error('later')
    })()
  })`,
}

describe.each(Object.keys(later))('a callback of the user’s: %s', (what) => {
  test('in a process of ours it is logged and counted, and ends nothing', async () => {
    const { code, out } = await run(`
      watchStrayErrors()
      ${later[what]}
      soon(() => console.log(JSON.stringify(mainThread.callbackErrors())))
    `)
    expect(out).toContain('onDone failed; the work goes on later')
    expect([code, out]).toEqual([0, expect.stringContaining('[["onDone",1]]')])
  })

  test('in a program that only uses the library Node decides, and nothing of ours is in its way', async () => {
    const { code, out } = await run(`${later[what]}; soon(() => console.log('still', 'there'))`)
    expect(code).toBe(1)
    expect(out).not.toContain('still there')
  })
})

test.each([
  `setTimeout(() => { throw new Error('of ours') }, 5)`,
  `void Promise.reject(new Error('of ours'))`,
  // Where errors are watched these two are ours.
  `mainThread.call('onEvent', () => { setTimeout(() => { throw new Error('of ours') }, 5) })`,
])('any other error stays fatal: %s', async (fault) => {
  const { code, out } = await run(`
    watchStrayErrors()
    mainThread.call('onDone', () => {})
    ${fault}
    soon(() => console.log('still', 'there'))
  `)
  expect(code).toBe(1)
  expect(out).toContain('of ours')
  expect(out).not.toContain('still there')
})

test('whoever stops watching leaves nothing behind', async () => {
  const { code } = await run(`
    watchStrayErrors()()
    console.log(process.listenerCount('uncaughtException'))
    ${Object.values(later)[0]}
  `)
  expect(code).toBe(1)
})
