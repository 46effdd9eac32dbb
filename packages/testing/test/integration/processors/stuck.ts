import { setTimeout as delay } from 'node:timers/promises'
import { defineProcessor, type Message } from '@zk/runtime/processor'

/** By the record's key: what its handler does in its first attempt. Later ones, and other keys, end at once. */
export default defineProcessor({
  async process(message, ctx) {
    if (ctx.attempt > 1) return
    const key = message.key?.toString()
    if (key === 'spin') spinForEver({ turns: 0 })
    else if (key === 'spin-later') {
      await delay(1)
      spinForEver({ turns: 0 })
    } else if (key === 'listen') await delay(60_000, undefined, { signal: ctx.signal })
    else if (key === 'extend') await extendAndEnd(message, ctx.extendDeadline.bind(ctx))
    else if (key === 'wait') await delay(1_000)
  },
})

function spinForEver(state: { turns: number }): never {
  for (;;) {
    state.turns++
  }
}

async function extendAndEnd(_message: Message, extend: (ms: number) => boolean): Promise<void> {
  if (!extend(60_000)) throw new Error('not extended')
  await delay(1_000)
}
