/**
 * A thread's whole life, as one piscina task: wait for set-up on the control port, run records from the data port, end
 * when main closes it. Only this side imports the processor.
 */
import { isMainThread } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs'
import { assertNever } from '../assert-never.js'
import { defaultBatch } from '../config/default-batch.js'
import { describeError } from '../describe-error.js'
import { errors } from '../errors.js'
import { HookFaults } from '../hooks/hook-faults.js'
import { hookedProcessor, hooksAround, type ThreadHooksOptions } from '../hooks/thread-hooks.js'
import type { Logger } from '../log/logger.js'
import { createThreadLog } from '../log/thread-log.js'
import { loadHooks } from '../processor-module/load-hooks.js'
import { type AnyProcessor, loadProcessor } from '../processor-module/load-processor.js'
import type { BatchProcessor, Processor } from '../processor-types.js'
import { ThreadTracing } from '../tracing/thread-tracing.js'
import type { AroundDelivery } from './batch-context.js'
import { BoardWriter } from './board.js'
import { CrashMarks } from './crash-journal.js'
import { Executor, type ExecutorOptions } from './executor.js'
import { OpenFormats } from './open-formats.js'
import type { FromThread, ThreadAnswer, ThreadControl, ThreadSetup, ThreadTask, ToThread } from './protocol.js'
import { RegistryPort } from './registry-port.js'
import { Outbox } from './sends.js'
import { sharpenTimers } from './timer-slack.js'

export async function runThread({ index, data, control, board, stdoutToStderr }: ThreadTask): Promise<void> {
  if (isMainThread) throw errors.ZK_INTERNAL('runThread was called on the main thread')
  sharpenTimers()
  // Errors of compiled processors name the line of their source.
  process.setSourceMapsEnabled(true)
  if (stdoutToStderr) process.stdout.write = process.stderr.write.bind(process.stderr)
  const ended = new Promise<void>((resolve) => data.once('close', () => resolve()))
  const post = (message: FromThread, transfer: ArrayBuffer[] = []) => data.postMessage(message, transfer)
  const threadLog = createThreadLog({ thread: index, post: (batch) => post({ type: 'log', batch }) })
  // Of a thread that dies by an exception or process.exit too: what it posts here still arrives.
  process.once('exit', threadLog.flush)
  const hookFaults = new HookFaults((faults) => post({ type: 'hook-errors', faults }))
  process.once('exit', () => hookFaults.flush())

  const outbox = new Outbox((batch) => post({ type: 'sends', batch }, [batch]))

  const registries = new RegistryPort((asked) => data.postMessage(asked))
  const formats = new OpenFormats(registries)

  let processor: AnyProcessor | undefined
  let executor: Executor | undefined
  let tracing: ThreadTracing | undefined
  data.on('message', (message: ToThread) => {
    if (message instanceof ArrayBuffer) executor!.accept(message)
    else if (message.type === 'registry') registries.answered(message)
    else if (message.type === 'ask') post({ type: 'here' })
    // Main sends the rest to a thread that is set up.
    else receive(executor!, outbox, message)
  })
  const api: ThreadControl = {
    setup: (setup) =>
      answer(async () => {
        processor = await loadProcessor(setup.processorUrl, setup.processorSource)
        if (setup.batch !== undefined && processor.processBatch === undefined) {
          throw errors.ZK_PROCESSOR_INVALID(setup.processorSource, 'the work has batch, and it has no processBatch')
        }
        await formats.openFirst(processor.format, setup.processorSource)
        const state = await processor.setup?.({ index, options: setup.options, log: threadLog.logger() })
        const hooks = await hooksOf(setup)
        tracing = openTracing(setup)
        executor = createExecutor(setup, state, handlingOf(processor, setup, hooks))
      }),
    teardown: () =>
      answer(async () => {
        await processor?.teardown?.()
        await tracing?.flush()
        hookFaults.flush()
        threadLog.flush()
      }),
  }

  async function hooksOf({ hooks }: ThreadSetup): Promise<ThreadHooksOptions> {
    const module = hooks?.module === undefined ? undefined : await loadHooks(hooks.module.url, hooks.module.source)
    return {
      ...{ module, groupId: hooks?.groupId ?? '' },
      failed: (hook, error, message) => hookFaults.add(hook, error, message),
    }
  }

  /** What runs a record: the processor, with hooks and spans around it. */
  function handlingOf(given: AnyProcessor, { batch }: ThreadSetup, hooks: ThreadHooksOptions): Handling {
    if (given.processBatch !== undefined) {
      const processor = given as BatchProcessor<unknown>
      const spans = tracing
      const begin = spans && ((...[message, ctx]: Parameters<AroundDelivery>) => spans.begin(message, ctx))
      const around = [begin, hooksAround(processor, hooks)].filter((one) => one !== undefined)
      return { processor, batches: { ...defaultBatch, ...batch, processor, around } }
    }
    const processor = given as Processor<unknown>
    const hooked = hookedProcessor(processor, hooks)
    const traced = tracing?.around(hooked ?? processor, hooked === undefined)
    return { processor: traced ?? hooked ?? processor, decodesItself: hooked !== undefined || traced !== undefined }
  }

  /** Behind the modules of the user, which may register a provider. */
  function openTracing({ tracing: given }: ThreadSetup): ThreadTracing | undefined {
    if (given === undefined) return undefined
    const nowhere = { topic: '', partition: -1, offset: -1 }
    const opened = new ThreadTracing(given, (error) => hookFaults.add('tracer', error, nowhere))
    if (index === 0 && !opened.isRegistered) threadLog.logger().warn(UNTRACED)
    return opened
  }

  function createExecutor(setup: ThreadSetup, state: unknown, handling: Handling): Executor {
    return new Executor({
      ...handling,
      state,
      board: new BoardWriter(board),
      outbox,
      openFormat: (format) => formats.open(format),
      tracing,
      threadIndex: index,
      concurrency: setup.concurrency,
      ordering: setup.ordering,
      capacity: setup.capacity,
      stopOnFailure: setup.stopOnFailure,
      deadLetters: setup.deadLetters,
      retry: setup.retry,
      circuitPerPartition: setup.circuitPerPartition,
      processTimeoutMs: setup.processTimeoutMs,
      maxExternalMb: setup.maxExternalMb,
      marks: openMarks(setup),
      logFor: ({ topic, partition }, offset): Logger => threadLog.logger({ topic, partition, offset }),
      post: (acks, failures) => {
        // Before the ends of their records are known.
        hookFaults.flush()
        post({ type: 'acks', acks, failures }, [acks])
      },
      heard: (ticket, sequence) => post({ type: 'heard', ticket, sequence }),
    })
  }

  /** A record whose mark cannot be written runs all the same. */
  function openMarks({ marks, capacity }: ThreadSetup): CrashMarks | undefined {
    const onTrouble = (error: Error) =>
      threadLog.logger().warn({ err: error }, 'The crash journal cannot be written; records run without their marks')
    try {
      return marks === undefined ? undefined : new CrashMarks({ ...marks, thread: index, capacity, onTrouble })
    } catch (error) {
      onTrouble(error as Error)
      return undefined
    }
  }

  expose(api, nodeEndpoint(control))
  await ended
  control.close()
}

const UNTRACED =
  'Traces are wanted (tracer), and no provider of OpenTelemetry is registered in the threads: spans of processing go nowhere'

type Handling = Pick<ExecutorOptions, 'processor' | 'decodesItself' | 'batches'>

type ForExecutor = Exclude<ToThread, ArrayBuffer | { type: 'ask' } | { type: 'registry' }>

function receive(executor: Executor, outbox: Outbox, message: ForExecutor): void {
  if (message.type === 'records') executor.accept(message.frame, message.values)
  else if (message.type === 'partition') executor.name(message.slot, message)
  else if (message.type === 'abort') executor.abort(message.slots, message.reason)
  else if (message.type === 'timeout') executor.timeout(message.ticket, message.sequence)
  else if (message.type === 'retire') executor.retire()
  else if (message.type === 'wake') executor.wake()
  else if (message.type === 'limit') executor.limitChanged()
  else if (message.type === 'sent') outbox.reported(message.reports, message.errors)
  else assertNever(message)
}

async function answer(call: () => Promise<void>): Promise<ThreadAnswer> {
  try {
    await call()
    return { ok: true }
  } catch (error) {
    return { ok: false, error: describeError(error) }
  }
}
