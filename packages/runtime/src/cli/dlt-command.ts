/** `zk dlt`: what is in a dead letter topic, and the way back. */
import { Command } from 'commander'
import { dltLsCommand } from './dlt-ls.js'
import { dltReplayCommand } from './dlt-replay.js'
import { withUsageErrors } from './usage.js'

export function dltCommand(): Command {
  const command = new Command('dlt')
    .description('Shows what is in a dead letter topic, and writes its records back to where they came from.')
    .addHelpText(
      'after',
      `
Dead letters are records that failed for good, as zk run --dlt, Spring for Apache Kafka or Kafka Connect left them. Nothing here
deletes anything or moves the offsets of a group.

Examples:
  zk dlt ls --brokers localhost:9092 --topic orders.dlt
  zk dlt replay --brokers localhost:9092 --topic orders.dlt --cause timeout             what would be written
  zk dlt replay --brokers localhost:9092 --topic orders.dlt --cause timeout --execute   write it`,
    )
  for (const one of [dltLsCommand(), dltReplayCommand()]) {
    command.addCommand(withUsageErrors(one, `zk dlt ${one.name()}`))
  }
  return command
}
