/** Promises of the types of processors and loggers: this file need only compile, and types.test.ts compiles it. */

import { pino } from 'pino'
import { z } from 'zod'
import type { Logger } from '../../src/log/logger.js'
import { defineProcessor, json, type Message } from '../../src/processor.js'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const assert = <_T extends true>() => {}

defineProcessor({
  format: json(z.object({ id: z.string() })),
  async setup(thread) {
    assert<Equal<typeof thread.options, unknown>>()
    return { db: thread.index }
  },
  process(message, ctx) {
    assert<Equal<typeof message, Message<{ id: string }>>>()
    assert<Equal<typeof ctx.state, { db: number }>>()
    // @ts-expect-error: a tombstone's value is null
    message.value.id
  },
})
defineProcessor({
  process(message) {
    assert<Equal<typeof message.value, Buffer | null>>()
  },
})
export const logger: Logger = pino()
// @ts-expect-error: console has no fatal
export const notALogger: Logger = console
