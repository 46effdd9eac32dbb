/** Preloaded: @opentelemetry/api is not installed, and a message says how often somebody looked for it. */
const Module = require('node:module')

const original = Module._resolveFilename
globalThis.lookedForOtel = 0
Module._resolveFilename = function (request, ...rest) {
  if (request.startsWith('@opentelemetry/')) {
    globalThis.lookedForOtel++
    throw Object.assign(new Error(`Cannot find module '${request}'`), { code: 'MODULE_NOT_FOUND' })
  }
  return original.call(this, request, ...rest)
}
