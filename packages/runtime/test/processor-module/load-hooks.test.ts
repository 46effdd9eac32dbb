import { expect, test } from 'vitest'
import { hooksOf } from '../../src/processor-module/load-hooks.js'

const hooks = { preProcessing() {} }

test.each([
  ['a default export', { default: hooks }],
  ['one of a transpiled CommonJS module', { default: { default: hooks } }],
])('hooks are taken from %s', (_what, namespace) => {
  expect(hooksOf(namespace, '/app/hooks.js')).toBe(hooks)
})

test.each([
  [{}, 'its default export is no object with preProcessing or postProcessing'],
  [{ preProcessing() {} }, 'its default export is no object with preProcessing or postProcessing'],
  [{ default: { process() {} } }, 'its default export is no object with preProcessing or postProcessing'],
  [{ default: { postRead() {} } }, 'postRead runs on the main thread and belongs in hooks'],
  [{ default: { ...hooks, preWrite() {} } }, 'preWrite runs on the main thread and belongs in hooks'],
  [{ default: { ...hooks, postProcessing: 5 } }, 'its postProcessing is no function'],
  [{ default: { ...hooks, preProcesing() {} } }, 'its preProcesing is not a hook; did you mean preProcessing?'],
])('what has no hooks for threads is refused with what was found: %o', (namespace, found) => {
  expect(() => hooksOf(namespace, '/app/hooks.js')).toThrow(
    expect.objectContaining({ code: 'ZK_HOOKS_INVALID', message: expect.stringContaining(found) }),
  )
})
