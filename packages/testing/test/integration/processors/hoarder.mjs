/**
 * Keeps a Buffer of `options.mb` MiB of each record with the key `hoard`, in its first attempt. One with the key `leak` takes
 * more and more and does not end.
 */
import { setTimeout as delay } from 'node:timers/promises'

const held = []

export default {
  setup: ({ options }) => options,
  async process(message, ctx) {
    if (ctx.attempt > 1) return
    const key = String(message.key)
    while (key === 'leak') {
      held.push(Buffer.alloc(1 << 20, 1))
      await delay(2)
    }
    if (key !== 'hoard') return
    held.push(Buffer.alloc(ctx.state.mb * 1024 * 1024, 1))
    await delay(120)
  },
}
