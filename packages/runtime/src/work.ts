/** A work: a topic, a group and a processor, ready to run. */
import { checkRunOptions } from './config/call-options.js'
import type { ClientConfig } from './config/client-config.js'
import type { WorkConfig } from './config/work-config.js'
import { errors } from './errors.js'
import { MainThread } from './health/main-thread.js'
import { healthBeforeRun, type WorkHealth } from './health/work-health.js'
import type { Logger } from './log/logger.js'
import { resolveWithHooks } from './processor-module/resolve-processor.js'
import type { Transport, WorkRunning } from './transport.js'
import type { RunSignals, WorkEvent } from './work/events.js'
import { WorkRun } from './work/run.js'
import type { WorkState } from './work/state.js'
import type { RunSummary } from './work/summary.js'

export interface RunOptions extends RunSignals {
  /**
   * End when every partition of the topics, other members' too, has been processed to where it ended at the start: what is
   * parked, not due, held by an open circuit, or refused by the dead letter topic is waited for. Default false.
   */
  untilEnd?: boolean
  /**
   * The process exits after this run: a consumer whose brokers do not answer is not waited for. Default false.
   * With it, end the process by `process.exit` when `run` has settled.
   */
  processEnds?: boolean
  /** What processors print on stdout goes to stderr. Default false. */
  stdoutToStderr?: boolean
  /** Hears what happens to the run: assignments, commits, threads that come and go. What it throws or rejects with is logged. */
  onEvent?: (event: WorkEvent) => void
}

/** The client, as a work sees it. */
interface WorkOwner {
  started(): void
  ended(): void
  isClosed(): boolean
}

export class Work {
  readonly #client: ClientConfig
  readonly #config: WorkConfig
  readonly #logger: Logger
  readonly #transport: Transport
  readonly #owner: WorkOwner
  #run: WorkRunning | undefined
  #running: Promise<RunSummary> | undefined
  readonly #closing = new AbortController()

  /** Made by `client.workFactory().create()`. */
  constructor(client: ClientConfig, config: WorkConfig, logger: Logger, transport: Transport, owner: WorkOwner) {
    this.#client = client
    this.#config = config
    this.#logger = logger
    this.#transport = transport
    this.#owner = owner
  }

  /**
   * Runs the work until a signal, its end, or an error. It installs no signal handlers. A work may be run again after
   * its run has ended.
   *
   * @returns how it ended
   * @throws ZkError when it cannot start or has to stop; nothing unfinished has been committed then
   */
  async run(options: RunOptions = {}): Promise<RunSummary> {
    checkRunOptions(options)
    if (this.#closing.signal.aborted || this.#owner.isClosed()) throw errors.ZK_CLIENT_CLOSED('run')
    if (this.#running !== undefined) throw errors.ZK_WORK_ALREADY_RUNNING(this.#config.clientId)
    this.#owner.started()
    this.#running = this.#start(options)
    this.#transport.starts?.(this.#running)
    try {
      return await this.#running
    } finally {
      this.#running = undefined
      this.#owner.ended()
    }
  }

  /** Ends a run in good order and forbids another. The client's `close` does it for all of its works. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running?.catch(() => {})
  }

  /** What the work is doing now, as plain data; undefined before its first run. */
  state(): WorkState | undefined {
    return this.#run?.state()
  }

  /** Whether the work is alive and ready, with reasons, and which partitions stand still; plain data. */
  health(): WorkHealth {
    return this.#run?.health() ?? healthBeforeRun()
  }

  /** The metrics of the latest run in Prometheus' text format, names with the prefix `zk_`; empty before the first run. */
  async metrics(): Promise<string> {
    if (this.#run === undefined) return ''
    const { renderMetrics } = await import('./health/render-metrics.js')
    return renderMetrics(this.#run.measure(), this.#config.groupId)
  }

  /** Compiles the processor, and the hooks module if there is one, anew and replaces every thread by one that runs it. The consumer keeps its partitions. */
  async reload(): Promise<void> {
    await this.#run?.reload(await this.#resolve())
  }

  /** The files that the processor is made of, for watching. */
  async sources(): Promise<readonly string[]> {
    return (await this.#resolve()).watch()
  }

  async #start({
    untilEnd = false,
    processEnds = false,
    stdoutToStderr = false,
    onEvent,
    ...signals
  }: RunOptions): Promise<RunSummary> {
    const mainThread = new MainThread(this.#logger)
    const logger = mainThread.watched(this.#logger)
    const processor = await this.#resolve()
    for (const warning of processor.warnings) logger.warn({ processor: processor.source }, warning)
    const context = {
      client: this.#client,
      config: this.#config,
      logger,
      mainThread,
      untilEnd,
      processEnds,
      stdoutToStderr,
    }
    // A copy, because the arrays in it are the consumer's own.
    const tell = (event: WorkEvent) =>
      mainThread.call('onEvent', () => onEvent?.(structuredClone(event)), `onEvent (${event.type})`)
    this.#run = this.#transport.makeRun?.(context, processor, tell) ?? new WorkRun(context, processor, tell)
    const shutdown = AbortSignal.any([
      this.#closing.signal,
      ...(signals.shutdown === undefined ? [] : [signals.shutdown]),
    ])
    return this.#run.run({ shutdown, signal: signals.signal })
  }

  #resolve() {
    const { processor, hooksModule } = this.#config
    const known = this.#transport.resolve?.(this.#config)
    return known ?? resolveWithHooks(processor, hooksModule, { cwd: process.cwd() })
  }
}
