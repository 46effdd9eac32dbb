/** How a work is a member of its group, and when it commits. */
import { z } from 'zod'
import { documented, milliseconds, text, whole } from '../fields.js'

const Group = 'Consumer group'

const commitEveryRecords = whole(1, 100_000_000, 'records')

export const groupFields = {
  groupProtocol: documented(z.enum(['classic', 'consumer']).default('classic'), {
    group: Group,
    description:
      'How the group forms. `classic`: its members agree among themselves, by `assignmentStrategy`. `consumer`: the ' +
      'protocol of KIP-848 (Kafka 4.0 and newer), in which the brokers assign, and a member that comes or goes concerns ' +
      'only those whose partitions move. `group.protocol` in `additionalProps` takes precedence.',
    change:
      '`consumer`, with brokers that have it: rebalances take a fraction of the time. `sessionTimeoutMs`, ' +
      '`assignmentStrategy` and `heartbeat.interval.ms` belong to the brokers then and must not be given.',
    expected: "'classic' or 'consumer'",
  }),
  assignmentStrategy: documented(
    z
      .enum(['cooperative-sticky', 'range', 'roundrobin', 'range,roundrobin', 'roundrobin,range'])
      .default('cooperative-sticky'),
    {
      group: Group,
      description:
        'How the group shares its partitions. With `cooperative-sticky` a rebalance moves few partitions and the others ' +
        'go on.',
      change:
        'Members of one group must agree: a group that rolls over from other clients takes their strategy first, ' +
        "such as `range,roundrobin`. Not to be given with `groupProtocol: 'consumer'`.",
      expected: "'cooperative-sticky', 'range', 'roundrobin', 'range,roundrobin' or 'roundrobin,range'",
    },
  ),
  groupInstanceId: documented(text.optional(), {
    group: Group,
    description:
      'Makes the process a static member: a restart within `sessionTimeoutMs` keeps its partitions without a rebalance.',
    change: 'For pods with stable names. No two running processes may share one: the older is fenced (exit code 3).',
    expected: 'a text that is not empty',
    defaultText: 'none: a dynamic member',
  }),
  sessionTimeoutMs: milliseconds(
    45_000,
    {
      group: Group,
      description:
        'How long the group waits for heartbeats of a process before it gives its partitions to others, in milliseconds. ' +
        'Heartbeats do not depend on handlers.',
      change: 'Lower it to notice a dead process sooner; it must lie within the limits of the brokers.',
    },
    1,
    3_600_000,
  ),
  maxPollIntervalMs: milliseconds(300_000, {
    group: Group,
    description: 'How long the main thread may fail to read before the group takes its partitions, in milliseconds.',
    change: 'Hardly ever: slow handlers do not hold up reading. It must exceed `drainTimeoutMs` + `graceMs`.',
  }),
  autoCommitIntervalMs: milliseconds(1_000, {
    group: Group,
    description:
      'How often finished offsets are committed, in milliseconds. They are also committed when partitions are given ' +
      'back and at the end.',
    change: 'Lower it to repeat fewer records after a crash; raise it when hundreds of members commit to one broker.',
  }),
  commitEveryRecords: documented(commitEveryRecords.schema.default(10_000), {
    group: Group,
    description:
      'After how many finished records offsets are committed before `autoCommitIntervalMs` has passed. One commit is ' +
      'under way at a time, at most ten a second.',
    change: 'Lower it, when records are expensive to process again; a crash repeats about so many.',
    expected: commitEveryRecords.expected,
  }),
}
