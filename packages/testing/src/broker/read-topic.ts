/** What a topic of a real or embedded broker holds, for the end of a test. */
import { randomUUID } from 'node:crypto'
import type { Format } from '@zk/formats'
import { type ClientInput, createClient, errors } from '@zk/runtime'
import {
  Credentials,
  consumerProperties,
  parseClientConfig,
  parseReaderConfig,
  scanTopic,
} from '@zk/runtime/internal/scan-topic'
import type { Message } from '@zk/runtime/processor'
import { anything, aText, checkArgument, type Fields, milliseconds } from '../check-arguments.js'
import { silent } from '../delivery/recorded-log.js'
import { uncheckedMessage } from '../fake-message.js'

export interface ReadTopicOptions<V = Buffer> {
  topic: string
  /** Decodes values, at the first access. Default: none, values are Buffers. */
  format?: Format<V>
  /**
   * Waits until so many records are there, or until this says that they are enough; it is asked after each record. Default: does
   * not wait; what the topic holds now.
   */
  until?: number | ((messages: readonly Message<V>[]) => boolean)
  /** Rejects when `until` has not come true after so long, in milliseconds; default 10,000. */
  timeoutMs?: number
}

const FIELDS: Fields<ReadTopicOptions> = { topic: aText, format: anything, until: anything, timeoutMs: milliseconds }

/**
 * Reads a topic from its beginning, and leaves nothing behind: records of one partition in their order, partitions one beside the
 * other.
 *
 * @param client what `createClient` takes: where the brokers are
 * @throws Error when `until` does not come true in time, with how many records there were; ZkError ZK_TOPIC_NOT_FOUND, or when no
 *   broker answers
 */
export async function readTopic<V = Buffer>(client: ClientInput, options: ReadTopicOptions<V>): Promise<Message<V>[]> {
  checkArgument('readTopic', options, FIELDS)
  const { topic, format, until } = options
  if (until !== undefined) return collect(client, { ...options, until })
  const parsed = parseClientConfig(client)
  const config = parseReaderConfig({ topic, groupId: 'read-topic' }, parsed)
  const credentials = new Credentials(config, silent)
  await credentials.open()
  try {
    const { bootstrapServers, reader } = config
    const properties = consumerProperties(config, parsed)
    const messages: Message<V>[] = []
    for await (const record of scanTopic({
      topic,
      bootstrapServers,
      properties,
      credentials,
      reader,
      logger: silent,
    })) {
      const { value, ...place } = record
      await prepared(value, topic, format)
      messages.push(uncheckedMessage<V>({ ...place, topic, rawValue: value }, format))
    }
    return messages
  } finally {
    credentials.close()
  }
}

async function collect<V>(
  input: ClientInput,
  { topic, format, until, timeoutMs = 10_000 }: ReadTopicOptions<V> & Required<Pick<ReadTopicOptions<V>, 'until'>>,
): Promise<Message<V>[]> {
  const isEnough = typeof until === 'number' ? () => messages.length >= until : until
  const messages: Message<V>[] = []
  if (isEnough(messages)) return messages
  const client = createClient(input)
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const groupId = `read-topic-${randomUUID()}`
    // A topic that appears while it is waited for is to be found soon.
    const additionalProps = { 'topic.metadata.refresh.interval.ms': 200 }
    const common = { topic, groupId, logger: silent, waitForTopics: true, additionalProps }
    // Without a format V is Buffer, by the types of `readTopic`.
    const reader = client.reader<V>({ ...common, ...(format !== undefined && { format }) } as typeof common & {
      format: Format<V>
    })
    do messages.push((await reader.read({ signal }))!)
    while (!isEnough(messages))
    return messages
  } catch (error) {
    if (error !== signal.reason || !signal.aborted) throw error
    const wanted = typeof until === 'number' ? `${until} records` : `what ${until} waits for`
    throw errors.ZK_TEST_TIMEOUT(`${topic} had ${messages.length} records, and not ${wanted}`, timeoutMs)
  } finally {
    await client.close()
  }
}

async function prepared(value: Buffer | null, topic: string, format: Format<never> | Format<unknown> | undefined) {
  if (value !== null) await format?.prepareDecode?.(value, { topic, part: 'value' })
}
