/** Of a processor with `processBatch` whose work does not say how large batches are. Threads read it, which load no zod. */
export const defaultBatch = { maxSize: 100, maxWaitMs: 10 } as const
