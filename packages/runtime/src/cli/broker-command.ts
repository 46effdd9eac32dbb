import { Command } from 'commander'
import { withKafka } from '../kafka/load-kafka.js'
import { count, topicNames } from './options.js'
import { printJson } from './output.js'
import { untilSignal } from './signals.js'

interface BrokerOptions {
  topics: string[]
  partitions: number
  json?: boolean
}

export function brokerCommand(): Command {
  return new Command('broker')
    .description('Starts a Kafka broker in this process, for trying things out. It forgets everything when it ends.')
    .option('--topics <names>', 'topics to create, comma-separated; others appear on use', topicNames, [])
    .option('--partitions <n>', 'partitions of each topic', count, 4)
    .option('--json', 'one JSON object a line')
    .addHelpText('after', '\nExample:\n  zk broker --topics orders,orders.dlt --partitions 12')
    .action(async ({ topics, partitions, json }: BrokerOptions) => {
      // Before anybody knows that it is there.
      const ended = untilSignal()
      const { startEmbeddedBroker } = await withKafka(() => import('../kafka/embedded-broker.js'))
      const broker = await startEmbeddedBroker({ topics, partitions })
      if (json) printJson({ event: 'ready', bootstrapServers: broker.bootstrapServers })
      else console.log(`A broker listens on ${broker.bootstrapServers}. Ctrl-C ends it.`)
      await ended
      await broker.stop()
    })
}
