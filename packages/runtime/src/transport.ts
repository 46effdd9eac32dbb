/** What readers, writers and works go through to the brokers, as the test kit replaces it by its own, in memory. */
import type { WorkConfig } from './config/work-config.js'
import type { Producer, ProducerChannel, ProducerOptions } from './kafka/producer.js'
import type { ResolvedProcessor } from './processor-module/resolve-processor.js'
import type { ReaderParts, Subscription, SubscriptionListener } from './reader/subscription.js'
import type { WorkEvent } from './work/events.js'
import type { WorkRun } from './work/run.js'
import type { RunContext } from './work/run-options.js'

/** What a writer needs of its producer. */
export interface WriterProducer extends Pick<Producer, 'connect' | 'close' | 'carries' | 'isCutOff'> {
  channel(listener: Parameters<Producer['channel']>[0]): ProducerChannel
}

/** What a reader needs of its membership. */
export type ReaderSubscription = Pick<Subscription, 'inbox' | 'assignments' | 'start' | 'want' | 'commit' | 'close'>

/** What a work needs of a run. */
export type WorkRunning = Pick<WorkRun, 'run' | 'state' | 'health' | 'measure' | 'reload'>

/** Default, field by field: Kafka. */
export interface Transport {
  openProducer?(options: ProducerOptions): Promise<WriterProducer>
  subscribe?(parts: ReaderParts, listener: SubscriptionListener): ReaderSubscription
  /** A run of a work begins. @param running settles when it has ended */
  starts?(running: Promise<unknown>): void
  /** Finds a work's modules. */
  resolve?(config: WorkConfig): Promise<ResolvedProcessor>
  makeRun?(context: RunContext, processor: ResolvedProcessor, emit: (event: WorkEvent) => void): WorkRunning
}
