/** A work that is killed as soon as a dead letter is acknowledged: long before anything is committed. */
import { createClient } from '@zk/runtime'

const { BROKERS, TOPIC, GROUP, LETTERS, JOURNAL, PROPS } = process.env

await createClient({ bootstrapServers: BROKERS.split(',') })
  .workFactory()
  .create({
    ...{ topic: TOPIC, groupId: GROUP, deadLetterTopic: LETTERS, speedup: 2, concurrency: 4 },
    ...{ autoCommitIntervalMs: 3_600_000, additionalProps: JSON.parse(PROPS) },
    processor: new URL('../processors/faulty.mjs', import.meta.url),
    processorOptions: { journal: JOURNAL, ms: 0 },
    onDone: (_message, { status }) => {
      if (status === 'dead-lettered') process.kill(process.pid, 'SIGKILL')
    },
  })
  .run()
