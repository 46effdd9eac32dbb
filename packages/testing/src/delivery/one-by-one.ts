/** A handler of batches where messages come one by one: each is a batch of its own, which is as good a batch as any. */
import { errors } from '@zk/runtime/internal'
import type { BatchContext, BatchProcessor, Message, Processor } from '@zk/runtime/processor'

export function oneByOne(processor: BatchProcessor<unknown, never>): Processor<unknown, never> {
  return {
    ...(processor.format !== undefined && { format: processor.format }),
    ...(processor.retryable !== undefined && { retryable: (error: unknown) => processor.retryable!(error) }),
    ...(processor.preProcessing !== undefined && {
      preProcessing: (message, ctx) => processor.preProcessing!(message, ctx),
    }),
    ...(processor.postProcessing !== undefined && {
      postProcessing: (message, ctx, end) => processor.postProcessing!(message, ctx, end),
    }),
    teardown: () => processor.teardown?.(),
    async process(message, ctx) {
      let fault: { error: unknown } | undefined
      const mine = (one: Message<unknown>) => {
        if (one !== message) throw errors.ZK_BATCH_MESSAGE_UNKNOWN()
        return ctx
      }
      const { signal, log, state, virtualPartition } = ctx
      const batch: BatchContext = {
        ...{ signal, log, state, virtualPartition },
        get deadline() {
          return ctx.deadline
        },
        extendDeadline: (ms) => ctx.extendDeadline(ms),
        send: ctx.send.bind(ctx),
        of: mine,
        fail(one, error) {
          mine(one)
          fault ??= { error }
        },
      }
      await processor.processBatch([message], batch)
      if (fault !== undefined) throw fault.error
    },
  }
}
