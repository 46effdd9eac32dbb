/**
 * Every error the runtime raises, in one table: what it says, whether trying again can help, how a process that
 * it ends exits. docs/errors.md has a section for each code; a test holds the two together.
 *
 * A message says what was wrong, what was expected, and what to do. The facts in it are repeated in `details`.
 */
import { type ExitCode, ZkError } from './zk-error.js'

interface ErrorEntry<Args extends readonly unknown[]> {
  /** No optional parameters: what follows the last one is the options object. */
  message: (...args: Args) => string
  details?: (...args: Args) => Record<string, unknown>
  retryable: boolean | ((...args: Args) => boolean)
  /** Default 1. */
  exitCode?: ExitCode
}

export interface ErrorOptions {
  cause?: unknown
}

/** One thing wrong with a configuration. */
export interface ConfigProblem {
  /** Where, as one would write it: `additionalProps["group.id"]`, `topics[1]`. */
  path: string
  /** What is wrong and what was expected, without the path. */
  message: string
}

/** A place in a source file as compilers print it. */
export interface SourceProblem {
  message: string
  file?: string
  line?: number
  column?: number
}

const list = (items: readonly string[]) => items.join(', ')
const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`

function entry<Args extends readonly unknown[]>(of: ErrorEntry<Args>): ErrorEntry<Args> {
  return of
}

const table = {
  // Configuration
  ZK_CONFIG_INVALID: entry({
    message: (what: string, problems: readonly ConfigProblem[]) =>
      `The ${what} has ${plural(problems.length, 'problem')}:\n` +
      problems.map((problem) => `  ${problem.path || '(root)'}: ${problem.message}`).join('\n') +
      '\nCorrect them all; docs/configuration.md lists every field.',
    details: (_what, problems) => ({ problems }),
    retryable: false,
  }),
  ZK_CONFIG_OWNED_PROPERTY: entry({
    message: (property: string, why: string) =>
      `additionalProps["${property}"] is set by the runtime and cannot be given: ${why}. Remove it.`,
    details: (property) => ({ property }),
    retryable: false,
  }),
  ZK_CONFIG_UNKNOWN_PROPERTY: entry({
    message: (property: string | undefined, why: string) =>
      `librdkafka refused ${property === undefined ? 'a property' : `the property "${property}"`}: ${why}. Check its name and value in librdkafka's CONFIGURATION.md.`,
    details: (property) => ({ property }),
    retryable: false,
  }),
  ZK_CONFIG_CONFLICT: entry({
    message: (what: string, fix: string) => `The configuration contradicts itself: ${what}. ${fix}`,
    retryable: false,
  }),
  ZK_CONFIG_FILE: entry({
    message: (file: string, why: string) => `The configuration file ${file} cannot be used: ${why}.`,
    details: (file) => ({ file }),
    retryable: false,
  }),
  ZK_TLS_INVALID: entry({
    message: (field: string, why: string) =>
      `tls.${field} cannot be used: ${why}. Expected PEM, as text or as the path of a file.`,
    details: (field) => ({ field }),
    retryable: false,
  }),
  ZK_SASL_TOKEN: entry({
    message: (why: string) =>
      `There is no OAUTHBEARER token to start with: ${why}. Check what sasl.token asks, and that it answers { value, expiresAt }.`,
    retryable: true,
  }),
  ZK_OPTIONS_NOT_CLONEABLE: entry({
    message: (path: string, kind: string) =>
      `${path} is ${kind}, which cannot be sent to a thread. processorOptions must be plain data ` +
      '(structured-cloneable): send what is needed to make the thing, and make it in setup().',
    details: (path, kind) => ({ path, kind }),
    retryable: false,
  }),

  // Processor modules
  ZK_PROCESSOR_NOT_FOUND: entry({
    message: (path: string, why: string) =>
      `The processor module ${path} was not found: ${why}. ` +
      "Give a path relative to the working directory, or new URL('./processor.js', import.meta.url).",
    details: (path) => ({ path }),
    retryable: false,
  }),
  ZK_PROCESSOR_LOAD_FAILED: entry({
    message: (path: string, where: string, why: string) =>
      `The processor module ${path} could not be loaded: ${why}${where === '' ? '' : ` (at ${where})`}. ` +
      'It must import without errors in a worker thread.',
    details: (path, where) => ({ path, ...(where === '' ? {} : { where }) }),
    retryable: false,
  }),
  ZK_PROCESSOR_INVALID: entry({
    message: (path: string, found: string) =>
      `The processor module ${path} is not a processor: ${found}. ` +
      'Its default export must be an object with a process(message, ctx) function.',
    details: (path, found) => ({ path, found }),
    retryable: false,
  }),
  ZK_HOOKS_INVALID: entry({
    message: (path: string, found: string) =>
      `The hooks module ${path} has no hooks of threads: ${found}. ` +
      'Its default export must be an object with preProcessing, postProcessing, or both.',
    details: (path, found) => ({ path, found }),
    retryable: false,
  }),
  ZK_TRACING_UNAVAILABLE: entry({
    message: (module: string) =>
      `Traces are wanted (tracer), and ${module} is not installed. Add it, or remove tracer.`,
    details: (module) => ({ module }),
    retryable: false,
  }),
  ZK_FORMAT_INVALID: entry({
    message: (path: string, format: string, why: string) =>
      `The format ${format} of the processor module ${path} cannot be opened: ${why}. ` +
      'Correct the configuration of its schema registry; that is looked at before the first message.',
    details: (path, format) => ({ path, format }),
    retryable: false,
  }),
  ZK_PROCESSOR_SETUP_FAILED: entry({
    message: (thread: number, why: string) =>
      `setup() of the processor failed in thread ${thread}: ${why}. ` +
      'It must return, or resolve, within setupTimeoutMs before the thread gets messages.',
    details: (thread) => ({ thread }),
    retryable: true,
  }),
  ZK_TYPESCRIPT_UNAVAILABLE: entry({
    message: (path: string) =>
      `${path} is TypeScript, and its compiler esbuild is not installed or does not run here. ` +
      'Install esbuild (it is an optional dependency of @zk/runtime), or give the compiled JavaScript file.',
    details: (path) => ({ path }),
    retryable: false,
  }),
  ZK_TYPESCRIPT_FAILED: entry({
    message: (path: string, problems: readonly SourceProblem[]) =>
      `The processor module ${path} does not compile:\n` +
      problems.map((problem) => `  ${sourcePlace(problem)}${problem.message}`).join('\n') +
      '\nCorrect the source.',
    details: (path, problems) => ({ path, problems }),
    retryable: false,
  }),
  ZK_TYPESCRIPT_NOT_WRITABLE: entry({
    message: (path: string, folders: readonly string[]) =>
      `${path} was compiled, but the result could not be written to ${folders.join(' or ')}. ` +
      'Make one of them writable, or build the processor beforehand and give the JavaScript file.',
    details: (path, folders) => ({ path, folders }),
    retryable: false,
  }),

  // Topics and brokers
  ZK_TOPIC_NOT_FOUND: entry({
    message: (topics: readonly string[]) =>
      `${topics.length === 1 ? 'Topic' : 'Topics'} ${list(topics)} not found on the cluster. ` +
      'Create them, correct the name, or set waitForTopics to wait until they appear.',
    details: (topics) => ({ topics }),
    retryable: true,
  }),
  ZK_TOPIC_INVALID: entry({
    message: (topic: string, why: string) =>
      `"${topic}" is not a topic name: ${why}. ` +
      'Expected 1 to 249 of letters, digits, ".", "_" and "-", or a regular expression that starts with "^".',
    details: (topic) => ({ topic }),
    retryable: false,
  }),
  ZK_BROKER_UNREACHABLE: entry({
    message: (servers: readonly string[], why: string) =>
      `No broker of ${list(servers)} answered: ${why}. ` +
      'Check the addresses, that the brokers are up, and what they advertise to clients.',
    details: (servers) => ({ servers }),
    retryable: true,
  }),
  ZK_BROKER_AUTH: entry({
    message: (why: string) =>
      `The broker refused this client: ${why}. ` +
      'Check sasl and tls, and what the credentials allow on the topic and the group.',
    retryable: false,
  }),
  ZK_GROUP_REFUSED: entry({
    message: (why: string) =>
      `The consumer group refused this member: ${why}. ` +
      "Check groupProtocol, assignmentStrategy and sessionTimeoutMs against the group's other members and what the brokers allow.",
    retryable: false,
  }),
  ZK_BROKER_FATAL: entry({
    message: (why: string) =>
      `The Kafka client cannot go on: ${why}. Nothing more is read or committed; restart the process.`,
    retryable: false,
    exitCode: 3,
  }),
  ZK_FENCED: entry({
    message: (member: string) =>
      `Another consumer has the place of the group member ${member}. ` +
      'Expected one running process for each groupInstanceId: stop the other one, or give each its own.',
    details: (member) => ({ member }),
    retryable: false,
    exitCode: 3,
  }),
  ZK_OFFSET_UNAVAILABLE: entry({
    message: (why: string) =>
      `There is no offset to begin at, and autoOffsetReset is 'error': ${why}. ` +
      "Set the group's offsets with Kafka's tools, or choose 'earliest' or 'latest'.",
    retryable: false,
    exitCode: 4,
  }),
  ZK_COMMIT_FAILED: entry({
    message: (why: string) =>
      `The offsets could not be committed: ${why}. ` +
      'What was finished and not committed is read again by the next owner of the partition.',
    retryable: true,
    exitCode: 3,
  }),

  ZK_KAFKA_NOT_BUILT: entry({
    message: (why: string) =>
      `node-rdkafka, the Kafka client, is not built: ${why}. Allow its install script and a C++ compiler, Python and ` +
      'make, then run `pnpm rebuild node-rdkafka` or `npm rebuild node-rdkafka`.',
    retryable: false,
  }),

  // Native reader
  ZK_NATIVE_NOT_BUILT: entry({
    message: (why: string) =>
      `@zk/native is not built for this platform: ${why}. ` +
      "Allow its install script and install again with a C++ compiler and Python, or set reader to 'portable'.",
    retryable: false,
  }),
  ZK_NATIVE_VERSION: entry({
    message: (found: string, expected: string) =>
      `@zk/native found ${found} in this process, and expects ${expected}. ` +
      "Install one version of node-rdkafka and build @zk/native again, or set reader to 'portable'.",
    details: (found, expected) => ({ found, expected }),
    retryable: false,
  }),
  ZK_READER_UNAVAILABLE: entry({
    message: (reader: string, why: string) =>
      `The ${reader} reader cannot be used: ${why}. Remove the cause, or set reader to 'auto'.`,
    details: (reader) => ({ reader }),
    retryable: false,
  }),
  // What @zk/native raises itself when it is called wrongly; here for its page.
  ZK_NATIVE_MAIN_THREAD: entry({
    message: () => '@zk/native works on the main thread only. Do not import it in a worker thread.',
    retryable: false,
  }),
  ZK_NATIVE_NOT_A_CONSUMER: entry({
    message: (why: string) =>
      `@zk/native needs a connected KafkaConsumer of the node-rdkafka that it was built for: ${why}. ` +
      'Connect first, and install one version of node-rdkafka.',
    retryable: false,
  }),
  ZK_NATIVE_READER_OPEN: entry({
    message: () => 'The consumer has an open native reader already. Close it before opening another.',
    retryable: false,
  }),
  ZK_NATIVE_SLOT: entry({
    message: (what: string) => `${what} is attached to the native reader already. Detach it first.`,
    retryable: false,
  }),

  // Threads
  ZK_HANDLER_TIMEOUT: entry({
    message: (processTimeoutMs: number, graceMs: number, why: string) =>
      `The handler had not ended after ${processTimeoutMs} ms (processTimeoutMs), nor ${graceMs} ms (graceMs) after ` +
      `ctx.signal aborted, so its thread was ended: ${why}. Heed ctx.signal, or move the deadline by ctx.extendDeadline.`,
    details: (processTimeoutMs, graceMs, why) => ({ processTimeoutMs, graceMs, why }),
    retryable: true,
  }),
  ZK_THREAD_DIED: entry({
    message: (thread: number, cause: string, why: string) =>
      `Thread ${thread} died of what it was running (${cause}): ${why}. Expected a handler to leave its thread alive.`,
    details: (thread, cause) => ({ thread, cause }),
    retryable: true,
  }),
  ZK_THREAD_CRASH_LOOP: entry({
    message: (thread: number, deaths: number) =>
      `Thread ${thread} died ${deaths} times in a row while it ran no record, so the work stops. ` +
      'Expected a thread to stay up; correct what ends it outside of handlers: the log has each cause.',
    details: (thread, deaths) => ({ thread, deaths }),
    retryable: false,
    exitCode: 4,
  }),
  ZK_THREAD_START_FAILED: entry({
    message: (thread: number, why: string) =>
      `Thread ${thread} did not start: ${why}. Expected it to be ready within setupTimeoutMs.`,
    details: (thread) => ({ thread }),
    retryable: true,
  }),
  ZK_THREAD_UNSTOPPABLE: entry({
    message: (threads: readonly number[], waitedMs: number) =>
      `${threads.length === 1 ? 'Thread' : 'Threads'} ${list(threads.map(String))} could not be ended within ` +
      `${waitedMs} ms (terminateTimeoutMs): a native call blocks there. ` +
      'The process must be ended; replace blocking calls (execSync, a blocked read) by asynchronous ones.',
    details: (threads, waitedMs) => ({ threads, waitedMs }),
    retryable: false,
    exitCode: 5,
  }),

  // Work
  ZK_CRASH_JOURNAL_IN_USE: entry({
    message: (path: string, clientId: string, pid: number) =>
      `The crash journal of ${clientId} in ${path} is in use by the process ${pid}. ` +
      'Give each process its own clientId, or its own folder.',
    details: (path, clientId, pid) => ({ path, clientId, pid }),
    retryable: true,
  }),
  ZK_CRASH_JOURNAL_UNUSABLE: entry({
    message: (path: string, why: string) =>
      `The crash journal cannot be kept in ${path}: ${why}. Give a folder that this process may make and write to.`,
    details: (path) => ({ path }),
    retryable: false,
  }),
  ZK_RECORD_FAILED: entry({
    message: (topic: string, partition: number, offset: number, attempts: number, why: string) =>
      `The record ${topic}[${partition}]@${offset} failed after ${plural(attempts, 'attempt')}: ${why}. ` +
      "It is not committed, because onExhausted is 'stop': correct the handler or the record, then start again.",
    details: (topic, partition, offset, attempts) => ({ topic, partition, offset, attempts }),
    retryable: false,
    exitCode: 4,
  }),
  ZK_PROCESS_CRASHED: entry({
    message: (topic: string, partition: number, offset: number) =>
      `The whole process died while it ran ${topic}[${partition}]@${offset}, as often as crashJournal allows, so the record ` +
      'is not run again. Look for aborts in native code and for memory beyond the heap.',
    details: (topic, partition, offset) => ({ topic, partition, offset }),
    retryable: false,
  }),
  ZK_DEAD_LETTER_TOPIC: entry({
    message: (topic: string, why: string) =>
      `Dead letter topic ${topic} cannot be used: ${why}. ` +
      'Expected a topic that exists and that this client may write to: create it, or correct deadLetterTopic.',
    details: (topic) => ({ topic }),
    retryable: true,
  }),
  ZK_DEAD_LETTER_TOO_LARGE: entry({
    message: (topic: string, place: string, bytes: number, why: string) =>
      `The record ${place} failed and is too large for the dead letter topic ${topic} (value of ${bytes} bytes): ${why}. ` +
      "It is not committed. Raise max.message.bytes of the topic, or set deadLetterTopic.oversized to 'truncate'.",
    details: (topic, place, bytes) => ({ topic, place, bytes }),
    retryable: false,
    exitCode: 4,
  }),
  ZK_DEAD_LETTER_FLOOD: entry({
    message: (letters: number, outcomes: number, limit: number) =>
      `${letters} of the last ${outcomes} records became dead letters, more than maxDeadLetterRatio allows ` +
      `(${limit}), so the work stops before it empties the topic. ` +
      'Look at them with zk dlt ls, correct the cause, start again, then zk dlt replay.',
    details: (letters, outcomes, limit) => ({ letters, outcomes, limit }),
    retryable: false,
    exitCode: 4,
  }),
  ZK_SHUTDOWN_DEADLINE: entry({
    message: (timeoutMs: number, open: number, blocked: readonly string[]) =>
      `${plural(open, 'record')} ${open === 1 ? 'was' : 'were'} still being processed ${timeoutMs} ms after the ` +
      `shutdown began (shutdownTimeoutMs)${blocked.length === 0 ? '' : `: ${list(blocked)}`}. ` +
      'They are not committed and will be read again; raise shutdownTimeoutMs, or make the handlers obey ctx.signal.',
    details: (timeoutMs, open, blocked) => ({ timeoutMs, open, blocked }),
    retryable: true,
    exitCode: 2,
  }),
  ZK_WORK_ALREADY_RUNNING: entry({
    message: (name: string) => `The work ${name} is running already. Wait for its run to end, or create another work.`,
    details: (name) => ({ name }),
    retryable: false,
  }),
  ZK_CLIENT_CLOSED: entry({
    message: (operation: string) => `${operation} was called on a closed client. Create a new client.`,
    details: (operation) => ({ operation }),
    retryable: false,
  }),

  // Outputs
  ZK_BATCH_MESSAGE_UNKNOWN: entry({
    message: () =>
      'A message that is not of this batch was given to ctx.fail or ctx.of. Give one of the messages of this call.',
    details: () => ({}),
    retryable: false,
  }),
  ZK_SEND_INVALID: entry({
    message: (what: string, found: string, expected: string) => `ctx.send: ${what} is ${found}; expected ${expected}.`,
    details: (what) => ({ what }),
    retryable: false,
  }),
  ZK_SEND_FAILED: entry({
    message: (topic: string, why: string, code: number) =>
      `A record for ${topic} was not acknowledged: ${why} (${code}). The record that it was sent for fails with it.`,
    details: (topic, _why, code) => ({ topic, code }),
    retryable: true,
  }),
  ZK_SEND_SUPERSEDED: entry({
    message: (topic: string) =>
      `A record for ${topic} was not written: the partition of the record that it was sent for is no longer ours, ` +
      'or it is being processed anew. Nothing is lost; whoever has it sends again.',
    details: (topic) => ({ topic }),
    retryable: true,
  }),
  ZK_SEND_TOO_LATE: entry({
    message: (topic: string) =>
      `ctx.send for ${topic} was called after the handler had ended. Await what the handler starts before it returns.`,
    details: (topic) => ({ topic }),
    retryable: false,
  }),
  ZK_SEND_OVERFLOW: entry({
    message: (topic: string, waiting: number) =>
      `ctx.send for ${topic} was called while ${plural(waiting, 'record')} of the same handler waited to be ` +
      'acknowledged. Await ctx.send, at least once in a while.',
    details: (topic, waiting) => ({ topic, waiting }),
    retryable: false,
  }),

  // Writers and readers
  ZK_WRITE_INVALID: entry({
    message: (what: string, found: string, expected: string) => `write: ${what} is ${found}; expected ${expected}.`,
    details: (what) => ({ what }),
    retryable: false,
  }),
  ZK_WRITE_FAILED: entry({
    message: (topic: string, why: string, code: number, how: { retryable: boolean; mayBeWritten: boolean }) =>
      `A record for ${topic} was not acknowledged: ${why} (${code}). ` +
      (how.retryable
        ? `Another try may succeed${how.mayBeWritten ? ', and the record may then be there twice' : ''}.`
        : 'Correct the record or the topic: the same would be refused again.'),
    details: (topic, _why, code, { mayBeWritten }) => ({ topic, code, mayBeWritten }),
    retryable: (_topic, _why, _code, how) => how.retryable,
  }),
  ZK_WRITE_OVERFLOW: entry({
    message: (topic: string, records: number, bytes: number) =>
      `write was called for ${topic} while ${plural(records, 'record')} of the writer (${plural(bytes, 'byte')}) waited ` +
      'to be acknowledged. Await the writes, or writer.ready in the loop that makes them.',
    details: (topic, records, bytes) => ({ topic, records, bytes }),
    retryable: true,
  }),
  ZK_WRITER_CLOSED: entry({
    message: (topic: string) =>
      `The writer for ${topic} is closed. Write before close, or ask the client for another writer.`,
    details: (topic) => ({ topic }),
    retryable: false,
  }),
  ZK_READER_CLOSED: entry({
    message: (name: string) => `The reader ${name} is closed. Ask the client for another reader.`,
    details: (name) => ({ name }),
    retryable: false,
  }),

  // Formats
  ZK_DECODE_FAILED: entry({
    message: (format: string, why: string) =>
      `The value is not valid ${format}: ${why}. Expected what the processor's format describes.`,
    details: (format) => ({ format }),
    retryable: false,
  }),
  ZK_ENCODE_FAILED: entry({
    message: (format: string, why: string) =>
      `The value cannot be written as ${format}: ${why}. Give a value that the format accepts.`,
    details: (format) => ({ format }),
    retryable: false,
  }),

  ZK_FORMAT_OPTIONS: entry({
    message: (why: string) => `${why}. Correct the options of the format; docs/guides/formats.md has them.`,
    retryable: false,
  }),

  // Schema registries
  ZK_REGISTRY_UNAVAILABLE: entry({
    message: (registry: string, why: string) =>
      `The schema registry ${registry} did not answer: ${why}. It is asked again; nothing is wrong with the record.`,
    details: (registry) => ({ registry }),
    retryable: true,
  }),
  ZK_REGISTRY_REFUSED: entry({
    message: (registry: string, why: string) =>
      `The schema registry ${registry} refused a request: ${why}. Check its address, the credentials and what they may do.`,
    details: (registry) => ({ registry }),
    retryable: true,
  }),
  ZK_SCHEMA_NOT_FOUND: entry({
    message: (registry: string, why: string) =>
      `The schema registry ${registry} does not have it: ${why}. Register the schema, or let autoRegister do it.`,
    details: (registry) => ({ registry }),
    retryable: false,
  }),
  ZK_SCHEMA_INCOMPATIBLE: entry({
    message: (registry: string, why: string) =>
      `Schemas of the registry ${registry} do not fit each other: ${why}. Give new fields a default, or use another subject.`,
    details: (registry) => ({ registry }),
    retryable: false,
  }),
  ZK_SCHEMA_INVALID: entry({
    message: (registry: string, why: string) =>
      `A schema of the registry ${registry} is not valid: ${why}. Correct the schema.`,
    details: (registry) => ({ registry }),
    retryable: false,
  }),

  // Command line and the rest
  ZK_CLI_USAGE: entry({
    message: (why: string, help: string) => `${why}. See ${help}.`,
    retryable: false,
  }),
  ZK_BENCH_TOPIC: entry({
    message: (topics: readonly string[], why: string) =>
      `zk bench needs topics of its own on these brokers, and ${list(topics)} could not be used: ${why}. ` +
      'Allow it to create, write and delete topics, or measure on the embedded broker (--on embedded).',
    details: (topics) => ({ topics }),
    retryable: true,
  }),
  ZK_BENCH_RUN_DIED: entry({
    message: (how: string) =>
      `The process that measured the processor ended by itself: ${how}. Its last lines on stderr may say why.`,
    retryable: false,
  }),
  ZK_BENCH_STALLED: entry({
    message: (what: string, processor: string, way: string, ms: number, where: string) =>
      `${what} for ${ms / 1_000} s in ${processor} with ${way}: ${where}. ` +
      'See that its handler ends, by a timeout on what it waits for; where it takes that long, give more --seconds: five times as long is waited.',
    details: (_what, processor, way, ms) => ({ processor, way, ms }),
    retryable: false,
  }),
  ZK_TEST_TIMEOUT: entry({
    message: (what: string, timeoutMs: number) =>
      `It was not so within ${timeoutMs} ms: ${what}. Look at what the code under test did instead, or give a longer timeoutMs.`,
    details: (what, timeoutMs) => ({ what, timeoutMs }),
    retryable: false,
  }),
  ZK_TEST_BROKER_DOWN: entry({
    message: () =>
      'The embedded broker runs only while tests do. Use it in a test or in a hook, and not where the file is loaded.',
    retryable: false,
  }),
  ZK_HEALTH_PORT: entry({
    message: (host: string, port: number, why: string) =>
      `Health cannot be served on ${host}, port ${port}: ${why}. ` +
      'Give another --health-port (0 takes a free one), or another --health-host.',
    details: (host, port) => ({ host, port }),
    retryable: false,
  }),
  ZK_UNKNOWN_CODE: entry({
    message: (code: string) => `${code} is not an error code of this version. See docs/errors.md for all codes.`,
    details: (code) => ({ code }),
    retryable: false,
  }),
  ZK_INTERNAL: entry({
    message: (what: string) =>
      `${what}. This should not happen and is a fault of @zk/runtime: please report it with the stack.`,
    retryable: false,
  }),
}

export type ErrorCode = keyof typeof table

type ArgsOf<Entry> = Entry extends ErrorEntry<infer Args> ? Args : never

type ErrorFactories = {
  readonly [Code in ErrorCode]: (...args: [...ArgsOf<(typeof table)[Code]>, options?: ErrorOptions]) => ZkError
}

/** Builds a ZkError: `throw errors.ZK_TOPIC_NOT_FOUND(['orders'], { cause })`. */
export const errors: ErrorFactories = Object.fromEntries(
  Object.entries(table as unknown as Record<ErrorCode, ErrorEntry<readonly unknown[]>>).map(([code, of]) => [
    code,
    (...given: unknown[]) => {
      // The messages have no optional parameters, so their length is where the options begin.
      const args = given.slice(0, of.message.length)
      const options = given[of.message.length] as ErrorOptions | undefined
      return new ZkError({
        code: code as ErrorCode,
        message: of.message(...args),
        retryable: typeof of.retryable === 'function' ? of.retryable(...args) : of.retryable,
        exitCode: of.exitCode ?? 1,
        details: of.details?.(...args),
        cause: options?.cause,
      })
    },
  ]),
) as unknown as ErrorFactories

export const errorCodes = Object.keys(table) as readonly ErrorCode[]

function sourcePlace({ file, line, column }: SourceProblem): string {
  return [file, line, column].filter((part) => part !== undefined).join(':') + (file === undefined ? '' : ': ')
}
