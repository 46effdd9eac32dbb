/** A hooks module, in TypeScript: hooks that several processors share. */
import { appendFileSync } from 'node:fs'
import { defineHooks } from '@zk/runtime/processor'

interface Options {
  journal: string
}

export default defineHooks<unknown, Options>({
  preProcessing(message, ctx) {
    appendFileSync(ctx.state.journal, `${JSON.stringify({ hook: 'shared preProcessing', offset: message.offset })}\n`)
    return { shared: true, before: 'overwritten by the processor’s own' }
  },
  postProcessing(message, ctx, { status }) {
    appendFileSync(
      ctx.state.journal,
      `${JSON.stringify({ hook: 'shared postProcessing', offset: message.offset, status })}\n`,
    )
  },
})
