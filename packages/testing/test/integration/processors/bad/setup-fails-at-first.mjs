/** Its set-up fails as often as the options say, counted by files beside `options.marks`. A record `exit` ends its thread. */
import { isFirst } from '../recorder.mjs'

export default {
  setup({ options }) {
    for (let i = 0; i < options.failures; i++) {
      if (isFirst(`${options.marks}.${i}`)) throw new Error(`not yet: ${i}`)
    }
  },
  process(message) {
    if (String(message.key) === 'exit') process.exit(3)
  },
}
