/** Each record waits in a native call that nothing can interrupt, for the seconds that the options say. */
import { execFileSync } from 'node:child_process'

export default {
  setup: ({ options }) => options,
  process: (_message, ctx) => {
    execFileSync('sleep', [String(ctx.state.seconds)])
  },
}
