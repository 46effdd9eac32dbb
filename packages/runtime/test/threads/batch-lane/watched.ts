/** Lanes of batches whose calls are kept, and whose handlers end when the test says so. */
import type { BatchContext, Message } from '../../../src/processor-types.js'
import { type BatchHandler, batchLane, type LaneOptions } from '../lane.js'

const offsetsOf = (messages: readonly Message<unknown>[]) => messages.map(({ offset }) => offset)

/** Offsets 0, 2, 4 … are of one key, 1, 3, 5 … of the other. */
export const twoKeys = (offset: number) => (offset % 2 === 0 ? 'a' : 'b')

/** A lane that keeps what each call got, and a handler that ends when it is told to. */
export function watched(handler: BatchHandler = () => undefined, options: LaneOptions = {}) {
  const calls: number[][] = []
  const whole = batchLane((messages, ctx) => {
    calls.push(offsetsOf(messages))
    return handler(messages, ctx)
  }, options)
  return { ...whole, calls }
}

/** Handlers that wait for their word. */
export function slow(options: LaneOptions = {}) {
  const ends: {
    resolve: () => void
    reject: (error: Error) => void
    ctx: BatchContext
    messages: readonly Message<unknown>[]
  }[] = []
  const whole = watched(
    (messages, ctx) => new Promise<void>((resolve, reject) => ends.push({ resolve, reject, ctx, messages })),
    options,
  )
  return { ...whole, ends }
}

export const outcomes = (acks: readonly [number, number][]) => Object.fromEntries(acks)
