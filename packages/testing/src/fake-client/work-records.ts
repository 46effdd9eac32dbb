/** What becomes of the records of a fake work: handler, outputs, dead letters, and whoever is told. */
import type { DoneOutcome } from '@zk/runtime'
import { describeError, errors } from '@zk/runtime/internal'
import {
  deadLetterHeaders,
  openWriteHooks,
  type ReceivedRecord,
  type RecordToSend,
  type RunContext,
  readValues,
  replacing,
  type WriteHooks,
  writeValues,
} from '@zk/runtime/internal/fake-client'
import type { ContextValues, Message, SentRecord } from '@zk/runtime/processor'
import type { SentOutput } from '../delivery/attempt-sends.js'
import { recordedLog } from '../delivery/recorded-log.js'
import { type ProcessorOutcome, runAttempts } from '../delivery/run-attempts.js'
import { uncheckedMessage } from '../fake-message.js'
import { written } from './producer.js'
import type { FakeTopics } from './topics.js'
import { type WorkModules, withHooks } from './work-modules.js'

/** What became of a record that a fake work has read. */
export interface WorkOutcome {
  readonly groupId: string
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /**
   * `failed`: completed without a dead letter, or the reason why the work stopped (`onExhausted`). `discarded`: its result was not
   * wanted any more; the record is read again.
   */
  readonly status: 'done' | 'failed' | 'dead-lettered' | 'discarded'
  /** How its handler took it, attempt by attempt. */
  readonly delivery: ProcessorOutcome<unknown>
}

export interface WorkRecordsOptions {
  readonly context: RunContext
  readonly topics: FakeTopics
}

export class WorkRecords {
  readonly #context: RunContext
  readonly #topics: FakeTopics
  readonly #writes: WriteHooks | undefined

  constructor({ context, topics }: WorkRecordsOptions) {
    const { config, mainThread } = context
    this.#context = context
    this.#topics = topics
    this.#writes = openWriteHooks({ hooks: config.hooks, groupId: config.groupId, mainThread })
  }

  /** @param signal aborts the handler, and a wait for the dead letter topic, for the reason that it says */
  async run(record: ReceivedRecord, modules: WorkModules, signal: AbortSignal): Promise<WorkOutcome> {
    const { config, logger } = this.#context
    const message = messageOf(record, modules.processor.format)
    const logs: ProcessorOutcome['logs'] = []
    const hookErrors: ProcessorOutcome['hookErrors'] = []
    const failed = (hook: 'preProcessing' | 'postProcessing', error: unknown) => {
      hookErrors.push({ hook, error })
      const { topic, partition, offset } = message
      this.#context.mainThread.failedElsewhere(hook, error, 1, { topic, partition, offset })
    }
    const hooked = withHooks(modules, config.groupId, failed)
    const delivery = await runAttempts(
      {
        ...{ processor: hooked ?? modules.processor, decodesItself: hooked !== undefined },
        ...{ state: modules.state, values: this.#postRead(message), attempts: config.retry.attempts },
        ...{ processTimeoutMs: config.processTimeoutMs, graceMs: config.graceMs, signal },
        onSend: (output) => this.#output(output),
      },
      message,
      { log: recordedLog(logs, logger), logs, hookErrors },
    )
    const { topic, partition, offset } = message
    const status = await this.#statusOf(record, delivery, signal)
    return { groupId: config.groupId, topic, partition, offset, status, delivery }
  }

  /** Its offset is completed. */
  told({ status, delivery }: WorkOutcome): void {
    const { mainThread, config } = this.#context
    const { message, attempts, cause = 'error', error } = delivery
    const ran = { attempts: attempts.length, durationMs: attempts.at(-1)?.durationMs }
    if (status === 'discarded') return
    const failure = error === undefined ? undefined : asError(error)
    const outcome: DoneOutcome = status === 'done' ? { status, ...ran } : { status, ...ran, cause, error: failure }
    const { topic, partition, offset, timestamp, key, headers } = message
    for (const [index, callback] of config.onDone.entries()) {
      const about = `onDone (${callback.name || index})`
      const done = { topic, partition, offset, timestamp, key, headers }
      mainThread.call('onDone', () => callback(done, outcome), about)
    }
  }

  /** The error that ends the work. */
  stopError({ topic, partition, offset, delivery }: WorkOutcome): Error {
    const cause = delivery.error === undefined ? undefined : asError(delivery.error)
    const why = cause?.message ?? 'its thread ended before it could say why'
    return errors.ZK_RECORD_FAILED(topic, partition, offset, delivery.attempts.length, why, { cause })
  }

  async #statusOf(
    record: ReceivedRecord,
    delivery: ProcessorOutcome<unknown>,
    signal: AbortSignal,
  ): Promise<WorkOutcome['status']> {
    if (delivery.status !== 'failed') return delivery.status
    if (!delivery.deadLetter || this.#context.config.deadLetterTopic === undefined) return 'failed'
    return (await this.#deadLetter(record, delivery, signal)) ? 'dead-lettered' : 'discarded'
  }

  #postRead(message: Message<unknown>): ContextValues | undefined {
    const { config, mainThread } = this.#context
    const { groupId, hooks } = config
    if (hooks.postRead === undefined || hooks.postRead === null) return undefined
    const { topic, partition, offset, timestamp, key, rawValue, headers } = message
    const read = { topic, partition, offset, timestamp, key, rawValue, headers }
    const lag = this.#topics.partitions(topic)[partition].length - offset - 1
    return readValues(
      mainThread.ask('postRead', () => hooks.postRead!(read, { groupId, values: {}, lag }), writeValues),
    )
  }

  #output({ topic, key, value, headers, partition = -1, timestamp = -1 }: SentOutput): SentRecord {
    return this.#write('output', { topic, key, value, headers, partition, timestamp })
  }

  /** @throws Error with librdkafka's code, what the brokers refuse it with */
  #write(kind: 'output' | 'dead-letter', record: RecordToSend): SentRecord {
    const added = this.#writes?.before(kind, record, { carries: () => true }) ?? []
    const started = performance.now()
    const { failure, partition, offset } = written(this.#topics, {
      ...record,
      headers: replacing(record.headers, added),
    })
    this.#writes?.acked(kind, record.topic, started, failure, partition, offset)
    if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: failure.code })
    return { partition, offset }
  }

  /**
   * Until the topic takes it, as in a work.
   * @returns whether it was written; false when the signal aborted first
   */
  async #deadLetter(
    record: ReceivedRecord,
    { message, attempts, cause = 'error', error }: ProcessorOutcome<unknown>,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { config, logger } = this.#context
    const { topic, headerStyle: style, maxStackBytes } = config.deadLetterTopic!
    const { partition, offset, timestamp } = message
    const letter = {
      ...{ topic: message.topic, partition, offset, record, attempts: attempts.length, cause },
      ...{ error: error === undefined ? undefined : describeError(error), failedAt: Date.now() },
    }
    const headers = deadLetterHeaders(letter, { style, groupId: config.groupId, maxStackBytes })
    for (;;) {
      try {
        this.#write('dead-letter', { topic, partition: -1, key: record.key, value: record.value, headers, timestamp })
        return true
      } catch (err) {
        logger.error({ err, topic }, 'The dead letter topic refused a record, which waits for it')
      }
      await Promise.race([this.#topics.change(), aborted(signal)])
      if (signal.aborted) return false
    }
  }
}

function messageOf(record: ReceivedRecord, format: WorkModules['processor']['format']): Message<unknown> {
  const { topic, partition } = record.assignment
  const { offset, timestamp, key, value, headers } = record
  return uncheckedMessage<unknown>({ topic, partition, offset, timestamp, key, rawValue: value, headers }, format)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`thrown: ${String(thrown)}`)
}
