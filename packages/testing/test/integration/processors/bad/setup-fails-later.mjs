/** Its set-up succeeds once, in the life of the file `options.mark`; each record ends its thread. */
import { openSync } from 'node:fs'

export default {
  setup({ options }) {
    openSync(options.mark, 'wx')
  },
  process() {
    process.exit(3)
  },
}
