/** Every field of a reader: those of a work that concern reading, and a format. */
import type { Format } from '@zk/formats'
import type { z } from 'zod'
import type { Logger } from '../log/logger.js'
import { format, logger } from './client-parts.js'
import { documented } from './fields.js'
import { type WorkConfig, workSchema } from './work-config.js'

const Reader = 'Readers'

/** What a reader has in common with a work, with the same limits and defaults. */
export const sharedWithWork = {
  topic: true,
  topics: true,
  groupId: true,
  clientId: true,
  autoOffsetReset: true,
  isolationLevel: true,
  waitForTopics: true,
  groupProtocol: true,
  assignmentStrategy: true,
  groupInstanceId: true,
  sessionTimeoutMs: true,
  maxPollIntervalMs: true,
  autoCommitIntervalMs: true,
  commitEveryRecords: true,
  drainTimeoutMs: true,
  maxUncommittedRecords: true,
  queuedMaxKbytes: true,
  reader: true,
  bootstrapServers: true,
  sasl: true,
  tls: true,
  additionalProps: true,
} as const satisfies Partial<Record<keyof typeof workSchema.shape, true>>

export const readerSchema = workSchema.pick(sharedWithWork).extend({
  format: documented(format, {
    group: Reader,
    description:
      'How values are decoded, at the first access to `message.value`: `json()`, `string`, or any format of @zk/formats. Without ' +
      'one the value is the Buffer. Make it once: of two readers of one name the formats must be the same object.',
    change: 'To read objects.',
    expected: 'a format, such as json()',
    defaultText: 'none',
  }),
  logger: documented(logger, {
    group: Reader,
    description: 'Where the reader logs: pino, or anything with its six methods.',
    change: "To have it in your program's log.",
    expected: 'a logger, such as pino',
    defaultText: 'pino, with the level of LOG_LEVEL',
  }),
})

/** What `client.reader` takes. */
export type ReaderInput<V> = Omit<z.input<typeof readerSchema>, 'format' | 'logger'> & {
  /** How values are decoded. Default: none, values are Buffers. */
  format?: Format<V>
  logger?: Logger
}

/** Checked, with defaults. */
export type ReaderConfig = Pick<WorkConfig, Exclude<keyof typeof sharedWithWork, 'topic'>> & {
  format: Format<unknown> | undefined
  logger: Logger | undefined
}
