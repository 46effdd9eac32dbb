/** Clients of the stage, which end with the test, and what is read with them. */
import { randomUUID } from 'node:crypto'
import { type Client, createClient, type Message, type Reader, type ReaderInput } from '@zk/runtime'
import { quick } from './stage.js'
import { stage } from './the-stage.js'

export const logger = Object.fromEntries(
  ['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => {}]),
) as unknown as NonNullable<ReaderInput<never>['logger']>

export function clientOf(bootstrapServers = stage.bootstrapServers): Client {
  const client = createClient({ bootstrapServers: bootstrapServers.split(',') })
  stage.alsoEnd({ end: () => client.close() })
  return client
}

export const readerOf = (input: Partial<ReaderInput<never>>) => ({
  groupId: `g-${randomUUID()}`,
  additionalProps: quick,
  logger,
  ...input,
})

/** So many messages, each done. */
export async function readDone<V>(reader: Reader<V>, count: number): Promise<Message<V>[]> {
  const messages: Message<V>[] = []
  while (messages.length < count) {
    const message = (await reader.read())!
    message.done()
    messages.push(message)
  }
  return messages
}

export async function wholeTopic(topic: string, count: number): Promise<Message[]> {
  const messages = await readDone(clientOf().reader(readerOf({ topic })), count)
  return messages.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}
