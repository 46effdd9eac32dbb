/** Spans and trace context through a work: from the record's producer, over thread and handler, to outputs and dead letters. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'
import { createClient, headerGetter, type PropagatorLike, type WorkInput } from '@zk/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { LogLine } from './recording-logger.js'
import { quick, recorder } from './stage.js'
import { stage } from './the-stage.js'

const processor = new URL('./processors/traced.mjs', import.meta.url)
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PRODUCER = 'b7ad6b7169203331'
const traceparent = `00-${TRACE}-${PRODUCER}-01`

interface Seen {
  name: string
  kind: number
  traceId: string
  spanId: string
  parentSpanId?: string | undefined
  attributes: Record<string, unknown>
  status: { code: number; message?: string }
}

const onMain = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(onMain)] })
beforeAll(() => provider.register())
afterAll(() => trace.disable())

const silent = () => {}
const quiet = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent }

const headersOf = ({ traceId, spanId }: Seen) => ({ traceparent: `00-${traceId}-${spanId}-01` })

/** One record with this value, of a producer that is traced, and the spans of the work over it. */
async function played(value: string | null, input: Omit<Partial<WorkInput>, 'topic' | 'topics'> = {}) {
  const topic = await stage.topic(1)
  const out = await stage.topic(1)
  await stage.produce(topic, [{ key: 'k', value, headers: { traceparent, own: 'yes' } }])
  const journal = join(stage.folder(), 'spans.jsonl')
  writeFileSync(journal, '')
  onMain.reset()
  const play = stage.play(
    { topic, processor, speedup: 1, processorOptions: { journal, out }, tracer: true, clientId: 'me', ...input },
    { untilEnd: true },
  )
  const summary = await play.run
  const inThread = readFileSync(journal, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): Seen => JSON.parse(line))
  const main = onMain.getFinishedSpans().map((span): Seen => {
    const { name, kind, attributes, status, parentSpanContext } = span
    return { name, kind, attributes, status, ...span.spanContext(), parentSpanId: parentSpanContext?.spanId }
  })
  const named = (name: string) => inThread.filter((span) => span.name === name)
  return {
    topic,
    out,
    play,
    summary,
    inThread,
    main,
    process: named(`process ${topic}`),
    send: named(`send ${out}`),
    named,
  }
}

test('a handler runs in a span of its thread, the child of its producer’s, and what it does is a child of that', async () => {
  const { topic, process, named, play } = await played('own')
  expect(process).toMatchObject([
    { kind: SpanKind.CONSUMER, traceId: TRACE, parentSpanId: PRODUCER, status: { code: SpanStatusCode.UNSET } },
  ])
  expect(process[0]!.attributes).toEqual({
    'messaging.system.name': 'kafka',
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.destination.name': topic,
    'messaging.destination.partition.id': '0',
    'messaging.consumer.group.name': play.groupId,
    'messaging.client.id': 'me',
    'kafka.offset': 0,
    'kafka.message.key': 'k',
    'zk.attempt': 1,
    'zk.virtual_partition': 0,
  })
  expect(named('mine')).toMatchObject([{ traceId: TRACE, parentSpanId: process[0]!.spanId }])
})

test('what a handler sends has a span, and carries it in the place of the context that came in', async () => {
  const { out, process, send } = await played('send')
  expect(send).toMatchObject([{ kind: SpanKind.PRODUCER, traceId: TRACE, parentSpanId: process[0]!.spanId }])
  expect(send[0]!.attributes).toMatchObject({ 'kafka.offset': 0, 'messaging.destination.partition.id': '0' })
  expect(await headersIn(out)).toEqual([{ own: 'yes', ...headersOf(send[0]!) }])
})

/** Of all records of a topic, read without traces. */
async function headersIn(topic: string): Promise<Record<string, string>[]> {
  const client = createClient({ bootstrapServers: stage.bootstrapServers.split(',') })
  stage.alsoEnd({ end: () => client.close() })
  const { high } = await stage.bounds(topic)
  const reader = client.reader({ topic, groupId: stage.groupName(), additionalProps: quick, logger: quiet })
  const found: Record<string, string>[] = []
  while (found.length < high) {
    const { headers } = (await reader.read())!
    found.push(Object.fromEntries(Array.from(headers, ([name, text]) => [name, String(text)])))
  }
  return found
}

test('each attempt that fails has a span that says why, and the dead letter’s belongs to the last', async () => {
  const letters = await stage.topic(1)
  const retry = { attempts: 2, backoffMs: 1 }
  const { process, main, topic } = await played('bad', { retry, deadLetterTopic: { topic: letters } })
  expect(process.map(({ attributes, status }) => [attributes['zk.attempt'], attributes['error.type'], status])).toEqual(
    [
      [1, 'RangeError', { code: SpanStatusCode.ERROR, message: 'the value says bad' }],
      [2, 'RangeError', { code: SpanStatusCode.ERROR, message: 'the value says bad' }],
    ],
  )
  const [letter] = main
  expect(letter).toMatchObject({
    name: `send ${letters}`,
    kind: SpanKind.PRODUCER,
    traceId: TRACE,
    parentSpanId: process[1]!.spanId,
    status: { code: SpanStatusCode.UNSET },
  })
  expect(letter!.attributes).toMatchObject({
    'messaging.client.id': 'me',
    'kafka.message.key': 'k',
    'kafka.offset': 0,
    'zk.dlt.cause': 'error',
  })
  const [written] = await stage.deadLetters(letters)
  expect(written!.headers).toMatchObject({ own: 'yes', ...headersOf(letter!) })
  expect(written!.origin).toEqual({ topic, partition: 0, offset: 0 })
})

test('a record that fails at first and then succeeds has two spans, of which one failed', async () => {
  const { process, main } = await played('once', { retry: { attempts: 3, backoffMs: 1 } })
  expect(process.map(({ status }) => status.code)).toEqual([SpanStatusCode.ERROR, SpanStatusCode.UNSET])
  expect(main).toEqual([])
})

test('a value that does not decode fails the span of its record', async () => {
  const { process } = await played('undecoded')
  expect(process).toMatchObject([{ status: { code: SpanStatusCode.ERROR, message: 'no text of ours' } }])
})

test('a send that is refused fails its span, and the dead letter still belongs to the attempt', async () => {
  const letters = await stage.topic(1)
  const { process, send, main } = await played('unsent', { deadLetterTopic: { topic: letters } })
  expect(send).toMatchObject([{ attributes: { 'error.type': 'ZK_SEND_FAILED' }, parentSpanId: process[0]!.spanId }])
  // The handler itself has not failed.
  expect(process).toMatchObject([{ status: { code: SpanStatusCode.UNSET } }])
  expect(main).toMatchObject([{ name: `send ${letters}`, parentSpanId: process[0]!.spanId }])
})

test('the dead letter of a record that took its thread with it belongs to the record’s producer', async () => {
  const letters = await stage.topic(1)
  const { main } = await played('exit', { deadLetterTopic: { topic: letters } })
  expect(main).toMatchObject([{ name: `send ${letters}`, traceId: TRACE, parentSpanId: PRODUCER }])
})

test('without a tracer there are no spans, and headers stay as they are', async () => {
  const letters = await stage.topic(1)
  const untraced = await played('bad', { tracer: false, deadLetterTopic: { topic: letters } })
  expect([untraced.inThread, untraced.main]).toEqual([[], []])
  expect((await stage.deadLetters(letters))[0]!.headers).toMatchObject({ traceparent })
  const { out, inThread } = await played('send', { tracer: false })
  expect(inThread).toEqual([])
  expect(await headersIn(out)).toEqual([{ own: 'yes', traceparent }])
})

test('without a propagator spans belong to no producer, and no header is written', async () => {
  const { out, process, send } = await played('send', { propagator: false })
  expect(process[0]!.traceId).not.toBe(TRACE)
  expect(send).toMatchObject([{ parentSpanId: process[0]!.spanId }])
  expect(await headersIn(out)).toEqual([{ own: 'yes', traceparent }])
})

/** A propagator that writes its name, and takes what it reads for the registered one's. */
const naming = (name: string): PropagatorLike => ({
  inject: (_, carrier, setter) => setter.set(carrier, 'propagated', name),
  extract: (context) => context,
})

/** The headers of the dead letter of a record that fails, in a work of these, and how many spans the tracer made. */
async function letterOf(ofClient: object, ofFactory: object, ofWork: object) {
  const letters = await stage.topic(1)
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'k', value: 'bad' }])
  const client = createClient({ bootstrapServers: stage.bootstrapServers.split(','), logger: quiet, ...ofClient })
  stage.alsoEnd({ end: () => client.close() })
  const work = client.workFactory(ofFactory).create({
    ...{ topic, groupId: stage.groupName(), processor: new URL('./programs/fails.mjs', import.meta.url) },
    ...{ speedup: 1, additionalProps: quick, deadLetterTopic: { topic: letters } },
    ...ofWork,
  })
  await work.run({ untilEnd: true })
  return (await stage.deadLetters(letters))[0]!.headers.propagated
}

/** A tracer that counts its spans. */
function counting() {
  const real = provider.getTracer('counted')
  const tracer = {
    spans: 0,
    startSpan(...given: Parameters<typeof real.startSpan>) {
      tracer.spans++
      return real.startSpan(...given)
    },
  }
  return tracer
}

test('tracer, propagator and logger of a client reach its works', async () => {
  const tracer = counting()
  const lines: string[] = []
  const log = (_: object, text: string) => void lines.push(text)
  const logger = { trace: log, debug: log, info: log, warn: log, error: log, fatal: log }
  const ofClient = { tracer, propagator: naming('client'), logger }
  expect(await letterOf(ofClient, {}, {})).toBe('client')
  expect(tracer.spans).toBe(1)
  expect(lines).toContain('The handler failed; the record goes to the dead letter topic')
})

test('a work takes the tracer of its factory before the client’s', async () => {
  const [ofClient, ofFactory] = [counting(), counting()]
  expect(await letterOf({ tracer: ofClient }, { tracer: ofFactory, propagator: naming('factory') }, {})).toBe('factory')
  expect([ofClient.spans, ofFactory.spans]).toEqual([0, 1])
})

test('a propagator of the work, or none, goes before the factory’s', async () => {
  const factory = { tracer: counting(), propagator: naming('factory') }
  expect(await letterOf({}, factory, { propagator: naming('work') })).toBe('work')
  expect(await letterOf({}, factory, { propagator: false })).toBeUndefined()
  expect(factory.tracer.spans).toBe(2)
})

test('threads in which nobody registered a provider say so once', async () => {
  const topic = await stage.topic(1)
  await stage.produce(topic, [{ key: 'k' }])
  const { path } = stage.journal()
  const input = { topic, processor: recorder, speedup: 3, processorOptions: { journal: path }, tracer: true }
  const play = stage.play(input, { untilEnd: true })
  expect(await play.run).toMatchObject({ processed: 1, failed: 0 })
  const said = play.log.all.filter(({ message }: LogLine) => message.includes('no provider of OpenTelemetry'))
  expect(said).toHaveLength(1)
})

test('one file that is preloaded traces the main thread and the worker threads, and all is exported at the end', async () => {
  const [topic, letters] = [await stage.topic(1), await stage.topic(1)]
  await stage.produce(topic, [{ key: 'k', value: 'bad', headers: { traceparent } }])
  const journal = join(stage.folder(), 'spans.jsonl')
  const config = join(stage.folder(), 'work.json')
  const preload = new URL('./programs/tracing.mjs', import.meta.url).href
  writeFileSync(
    config,
    JSON.stringify({
      bootstrapServers: stage.bootstrapServers,
      ...{ topic, groupId: stage.groupName(), speedup: 1, tracer: true, deadLetterTopic: { topic: letters } },
      processor: new URL('./programs/fails.mjs', import.meta.url).pathname,
    }),
  )
  const zk = new URL('../../../runtime/bin/zk.cjs', import.meta.url).pathname
  const child = spawn(process.execPath, ['--import', preload, zk, 'run', '--config', config, '--until-end'], {
    env: { ...process.env, JOURNAL: journal },
    stdio: 'ignore',
  })
  expect(await once(child, 'exit')).toEqual([0, null])
  const spans = readFileSync(journal, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line): Seen & { isMainThread: boolean } => JSON.parse(line))
  expect(spans).toHaveLength(2)
  const inThread = spans.find(({ isMainThread }) => !isMainThread)
  expect(inThread).toMatchObject({ name: `process ${topic}`, traceId: TRACE, parentSpanId: PRODUCER })
  const letter = spans.find(({ isMainThread }) => isMainThread)
  expect(letter).toMatchObject({ name: `send ${letters}`, traceId: TRACE, parentSpanId: inThread!.spanId })
})

test('the context of a message of a reader is found with the getter that we export', () => {
  expect(headerGetter.get([['traceparent', Buffer.from(traceparent)]], 'traceparent')).toBe(traceparent)
})

test('without @opentelemetry/api all works as ever and nobody looks for it; whoever wants traces is told', () => {
  const at = (name: string) => new URL(`./programs/${name}`, import.meta.url).pathname
  const said = execFileSync(process.execPath, ['--require', at('without-otel.cjs'), at('wants-traces.mjs')], {
    encoding: 'utf8',
  })
  expect(JSON.parse(said)).toEqual({
    without: { met: ['made', 'made'], looked: 0 },
    withTracer: { met: ['ZK_TRACING_UNAVAILABLE', 'ZK_TRACING_UNAVAILABLE'], looked: 2 },
  })
})
