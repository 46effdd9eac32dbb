import type { Message, ProcessContext, ThreadInfo } from '@zk/runtime/processor'

/** Keeps its message for so many milliseconds as the options say. */
export default {
  setup: ({ options }: ThreadInfo<number>): number => options,
  async process(message: Message, { state }: ProcessContext<number>): Promise<void> {
    const value = message.rawValue
    await new Promise((resolve) => setTimeout(resolve, state))
    if (value?.length === 0) throw new Error('an empty value')
  },
}
