import type { Message } from '@zk/runtime/processor'
import { work } from './fnv.js'

export default {
  process(message: Message): void {
    work(message.rawValue!)
  },
}
