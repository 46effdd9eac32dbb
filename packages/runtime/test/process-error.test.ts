import { expect, test } from 'vitest'
import { ProcessError, processErrorIn } from '../src/process-error.js'

test('the outermost ProcessError among an error and its causes is found', () => {
  const inner = new ProcessError('inner')
  const outer = new ProcessError('outer', { cause: inner })
  expect(processErrorIn(outer)).toBe(outer)
  expect(processErrorIn(new Error('wrapped', { cause: new Error('again', { cause: outer }) }))).toBe(outer)
})

test('anything that can be thrown is taken', () => {
  const circular = new Error('a')
  circular.cause = circular
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const throwing = Object.defineProperty(new Error('b'), 'cause', {
    get: () => {
      throw new Error('no')
    },
  })
  for (const thrown of [undefined, null, 'text', 7, circular, revoked.proxy, throwing]) {
    expect(processErrorIn(thrown)).toBeUndefined()
  }
})
