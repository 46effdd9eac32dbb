/** From what the user gave to a checked configuration, or to one error that lists all that is wrong with it. */
import { errors } from '../errors.js'
import { loadOtel } from '../tracing/otel.js'
import { type ClientConfig, clientSchema } from './client-config.js'
import { connectionOf } from './connection.js'
import { type DefaultSpeedup, defaultSpeedup } from './cpu-quota.js'
import { findUncloneable } from './find-uncloneable.js'
import { formatPath } from './format-path.js'
import { NO_HOOKS } from './hooks.js'
import { type Problem, parse, problemsError, show } from './problems.js'
import { topicMatcher } from './topic-pattern.js'
import { type WorkConfig, workSchema } from './work-config.js'
import { MAX_WINDOW_MESSAGES } from './work-fields/bounds.js'

/** @throws ZK_CONFIG_INVALID, or ZK_CONFIG_OWNED_PROPERTY when that is the only problem. */
export function parseClientConfig(input: unknown): ClientConfig {
  const { value, problems } = parse(clientSchema, input)
  if (value === undefined) throw problemsError('client configuration', problems)
  return value
}

/**
 * @param defaultThreads for a work that does not say how many it wants.
 * @param name what the configuration is called in errors
 * @throws ZK_CONFIG_INVALID, ZK_CONFIG_CONFLICT, ZK_OPTIONS_NOT_CLONEABLE, ZK_TRACING_UNAVAILABLE, or a more exact error when that is the only
 * problem.
 */
export function parseWorkConfig(
  input: unknown,
  client: ClientConfig,
  defaultThreads: () => DefaultSpeedup = defaultSpeedup,
  name = 'work configuration',
): WorkConfig {
  const { value, problems } = parse(workSchema, input)
  const topics = topicsOf(input, problems)
  if (value === undefined) throw problemsError(name, problems)

  const { topic: _topic, topics: _topics, clientId, speedup, onDone = [], ...rest } = value
  const { connection, problems: ofConnection } = connectionOf(client, value)
  problems.push(...ofConnection)
  const groupId = client.groupPrefix === undefined ? rest.groupId : `${client.groupPrefix}.${rest.groupId}`
  const config: WorkConfig = {
    ...rest,
    ...connection,
    groupId,
    topics,
    clientId: clientId ?? client.clientId ?? groupId,
    ...threadsOf(speedup, defaultThreads),
    onDone: [onDone].flat(),
    hooks: value.hooks ?? client.hooks ?? NO_HOOKS,
    tracer: value.tracer ?? client.tracer ?? false,
    propagator: value.propagator ?? client.propagator ?? true,
  }
  const props = { ...client.additionalProps, ...config.additionalProps }
  for (const [field, property, min] of replaceable) {
    const given = props[property]
    if (given === undefined) continue
    const number = Number(given)
    if (Number.isInteger(number) && number >= min) config[field] = number
    else
      problems.push({
        path: placeOf(property, config),
        message: `is ${show(given)}; expected a whole number, at least ${min}`,
      })
  }
  const protocol = props['group.protocol']
  if (protocol !== undefined) {
    const { data } = workSchema.shape.groupProtocol.safeParse(String(protocol).toLowerCase())
    if (data !== undefined) config.groupProtocol = data
    else
      problems.push({
        path: placeOf('group.protocol', config),
        message: `is ${show(protocol)}; expected 'classic' or 'consumer'`,
      })
  }
  problems.push(...contradictions(config))
  if (problems.length > 0) throw problemsError(name, problems)
  if (config.groupProtocol === 'consumer') checkBrokersOwn(props, input)
  if (config.tracer !== false) loadOtel()
  const uncloneable = findUncloneable(config.processorOptions, 'processorOptions')
  if (uncloneable !== undefined) throw errors.ZK_OPTIONS_NOT_CLONEABLE(uncloneable.path, uncloneable.kind)
  // A copy, so that what happens to the caller's object later cannot fail a run.
  return { ...config, processorOptions: structuredClone(config.processorOptions) }
}

/** Fields that `additionalProps` may replace. Everything that reads the field must see what librdkafka is told. */
const replaceable = [
  ['sessionTimeoutMs', 'session.timeout.ms', 1],
  ['maxPollIntervalMs', 'max.poll.interval.ms', 1],
  // 0 would turn commits off.
  ['autoCommitIntervalMs', 'auto.commit.interval.ms', 1],
  ['queuedMaxKbytes', 'queued.max.messages.kbytes', 1],
] as const satisfies readonly (readonly [keyof WorkConfig, string, number])[]

/** With KIP-848 these belong to the broker, and librdkafka refuses them. */
const brokersOwn = [
  ['session.timeout.ms', 'sessionTimeoutMs'],
  ['partition.assignment.strategy', 'assignmentStrategy'],
  ['heartbeat.interval.ms', undefined],
  ['group.protocol.type', undefined],
] as const

function topicsOf(input: unknown, problems: Problem[]): string[] {
  const { topic, topics } = (typeof input === 'object' && input !== null ? input : {}) as Record<string, unknown>
  if (topic !== undefined && topics !== undefined) {
    problems.push({ path: 'topic', message: 'is given together with topics; expected one of them' })
  }
  if (topic === undefined && topics === undefined) {
    problems.push({ path: 'topic', message: 'is missing; expected a topic name, or topics with several' })
  }
  const names = [topic ?? [], topics ?? []].flat().filter((name) => typeof name === 'string')
  for (const name of new Set(names.filter((one, index) => names.indexOf(one) !== index))) {
    problems.push({ path: 'topics', message: `has ${JSON.stringify(name)} more than once` })
  }
  return names
}

function threadsOf(given: number | undefined, defaultThreads: () => DefaultSpeedup) {
  if (given !== undefined) return { speedup: given, speedupReason: 'it is set in the configuration' }
  const { speedup, reason } = defaultThreads()
  return { speedup, speedupReason: reason }
}

function contradictions(config: WorkConfig): Problem[] {
  const { concurrency, maxConcurrency, speedup, deadLetterTopic, topics } = config
  const { drainTimeoutMs, graceMs, groupProtocol, maxPollIntervalMs, sessionTimeoutMs } = config
  const found: Problem[] = []
  if (drainTimeoutMs + graceMs >= maxPollIntervalMs) {
    const sum = `${drainTimeoutMs} + ${graceMs} ms`
    const what = `drainTimeoutMs + graceMs (${sum}) must be less than maxPollIntervalMs (${maxPollIntervalMs} ms)`
    found.push(contradiction('drainTimeoutMs', what, 'or the group takes the partitions before they are drained'))
  }
  if (groupProtocol === 'classic' && sessionTimeoutMs > maxPollIntervalMs) {
    const what = `sessionTimeoutMs (${sessionTimeoutMs} ms) must not exceed maxPollIntervalMs (${maxPollIntervalMs} ms)`
    found.push(contradiction('sessionTimeoutMs', what, 'librdkafka refuses it'))
  }
  const lanes = concurrency === 'auto' ? (maxConcurrency ?? 0) : concurrency
  if (speedup * lanes > MAX_WINDOW_MESSAGES) {
    const field = concurrency === 'auto' ? 'maxConcurrency' : 'concurrency'
    const what = `speedup × ${field} (${speedup} × ${lanes}) must not exceed ${MAX_WINDOW_MESSAGES}`
    found.push(contradiction(field, what, 'no window has more messages in progress'))
  }
  if (maxConcurrency !== undefined && concurrency !== 'auto') {
    const what = `maxConcurrency (${maxConcurrency}) is given together with concurrency ${concurrency}`
    found.push(contradiction('maxConcurrency', what, "it bounds concurrency 'auto' and nothing else"))
  }
  if (deadLetterTopic !== undefined && topicMatcher(topics)(deadLetterTopic.topic)) {
    const what = `deadLetterTopic (${deadLetterTopic.topic}) is one of the topics that the work reads (${topics.join(', ')})`
    const why = 'a record that fails would come back for ever; another work may read its dead letters'
    found.push(contradiction('deadLetterTopic', what, why))
  }
  return found
}

function contradiction(path: string, what: string, why: string): Problem {
  return {
    path,
    message: `${what}: ${why}`,
    error: () => errors.ZK_CONFIG_CONFLICT(what, `Change one of them: ${why}.`),
  }
}

/** All of them at once: whoever removes one at a time would meet the error again and again. */
function checkBrokersOwn(props: Readonly<Record<string, unknown>>, input: unknown): void {
  const given = brokersOwn.flatMap(([property, field]) => [
    ...(field !== undefined && (input as Record<string, unknown>)[field] !== undefined ? [field] : []),
    ...(props[property] !== undefined ? [property] : []),
  ])
  if (given.length === 0) return
  const names = given.join(' and ')
  throw errors.ZK_CONFIG_CONFLICT(
    `with the group protocol 'consumer' the brokers decide what ${names} would say`,
    `Remove ${names}, or use the protocol 'classic'.`,
  )
}

function placeOf(property: string, config: WorkConfig): string {
  const own = config.additionalProps[property] !== undefined
  return `${own ? '' : "the client's "}${formatPath(['additionalProps', property])}`
}
