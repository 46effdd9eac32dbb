/** What a work reads, as which group, and from where on. */
import { z } from 'zod'
import { documented, text, topicName } from '../fields.js'

const Input = 'What is read'

export const inputFields = {
  topic: documented(topicName.optional(), {
    group: Input,
    description:
      'The topic to read; `topics` for several. A name that starts with `^` is a regular expression ' +
      '(the part of POSIX extended that JavaScript shares: sets, groups, `|`, quantifiers).',
    change: 'Either `topic` or `topics` is required.',
    expected: 'a topic name, or a regular expression that starts with ^',
  }),
  topics: documented(z.array(topicName).min(1).optional(), {
    group: Input,
    description:
      'The topics to read, by one consumer and the same threads. With a regular expression, topics that are created ' +
      "later join within librdkafka's `topic.metadata.refresh.interval.ms` (5 minutes).",
    change:
      'For one processor that handles several topics. Order is kept within a partition, never across topics. ' +
      'Either `topic` or `topics` is required.',
    expected: 'an array of topic names, or of regular expressions that start with ^',
  }),
  groupId: documented(text, {
    group: Input,
    description: 'The consumer group: processes with the same one share the partitions and the committed offsets.',
    change: 'Required.',
    expected: 'a text that is not empty',
  }),
  clientId: documented(text.optional(), {
    group: Input,
    description: "Name of this work in the brokers' logs, metrics and quotas.",
    change: 'To tell processes apart in the logs of the brokers.',
    expected: 'a text that is not empty',
    defaultText: "the client's `clientId`, else `groupId`",
  }),
  autoOffsetReset: documented(z.enum(['earliest', 'latest', 'error']).default('earliest'), {
    group: Input,
    description:
      'Where to begin in a partition for which the group has no committed offset, or whose committed offset is gone. ' +
      '`error` stops the work instead.',
    change:
      '`latest`, when old records have no value. With it, records written to a new partition before the consumer ' +
      'discovers it are skipped.',
    expected: "'earliest', 'latest' or 'error'",
  }),
  isolationLevel: documented(z.enum(['read_committed', 'read_uncommitted']).default('read_committed'), {
    group: Input,
    description: 'Whether records of transactions that are open or were aborted are read.',
    change: '`read_uncommitted`, to see records of a transaction before it commits, at the price of aborted ones.',
    expected: "'read_committed' or 'read_uncommitted'",
  }),
  waitForTopics: documented(z.boolean().default(false), {
    group: Input,
    description: 'Wait for topics that do not exist yet, instead of failing with ZK_TOPIC_NOT_FOUND.',
    change: 'When something else creates the topics after this process starts.',
    expected: 'true or false',
  }),
}
