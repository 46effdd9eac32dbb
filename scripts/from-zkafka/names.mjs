/**
 * What zkafka 2.3 exports, in its own groups, and what it is called here. `field` names a field of the configuration (`client.x`,
 * `work.x`), from which name and default are taken; else `ours` and `normal` say them.
 *
 * @typedef {object} Row
 * @property {string} name zkafka's
 * @property {string} [theirs] its default there
 * @property {string} [field]
 * @property {string} [ours]
 * @property {string} [normal] the default here
 * @property {string} why what is different and for which reason, or that nothing is
 */

const same = 'the same'

/** @type {{ title: string, text?: string, rows: Row[] }[]} */
export const groups = [
  {
    title: 'Config (client)',
    rows: [
      { name: 'BootstrapServers', field: 'client.bootstrapServers', why: same },
      {
        name: 'SaslUsername, SaslPassword',
        theirs: 'nil: no SASL',
        field: 'client.sasl',
        why: 'one object with the mechanism, which zkafka fixes to SCRAM-SHA-256; that is the default here too, and so is TLS',
      },
      {
        name: 'CAFile, KeyFile, CertFile',
        theirs: '"", and never read',
        field: 'client.tls',
        why: '`ca`, `key`, `cert` as paths or as text. In zkafka the fields do nothing: TLS without SASL needs AdditionalProps there',
      },
    ],
  },
  {
    title: 'ConsumerTopicConfig',
    rows: [
      {
        name: 'ClientID',
        theirs: 'required',
        field: 'work.clientId',
        why: 'not required; and two works of one name are two consumers, where zkafka gives the reader of the first to the second',
      },
      { name: 'GroupID', theirs: 'required', field: 'work.groupId', why: 'the same, and required' },
      { name: 'Topic', field: 'work.topic', why: 'the same; a name with ^ is a pattern in both' },
      {
        name: 'Topics',
        field: 'work.topics',
        why: 'instead of `topic`, not beside it; empty and repeated names are errors, where zkafka drops the empty ones',
      },
      { name: 'BootstrapServers', theirs: "Config's", field: 'work.bootstrapServers', why: same },
      {
        name: 'AutoCommitIntervalMs',
        theirs: '5000 (librdkafka)',
        field: 'work.autoCommitIntervalMs',
        why: 'what a crash repeats is what was finished since the last commit, and one request a second costs nothing',
      },
      {
        name: 'AdditionalProps',
        theirs: 'nil',
        field: 'work.additionalProps',
        why: 'properties on which promises rest are refused by name and reason; zkafka lets them replace everything. Fractions are not cut to whole numbers: librdkafka says what is wrong',
      },
      {
        name: 'Formatter',
        theirs: 'json',
        ours: '`format` of the processor',
        normal: 'none: `message.value` is the Buffer',
        why: 'a topic of other bytes must not fail by default; what a format decodes to is the type of `message.value`',
      },
      {
        name: 'SchemaRegistry',
        ours: "an argument of the processor's format",
        why: 'a format has what it needs; authentication and TLS are among it',
      },
      { name: 'SchemaID', theirs: '0', ours: 'an argument of the formats with a schema id', why: 'only those have it' },
      {
        name: 'Transaction',
        theirs: 'false',
        field: 'work.isolationLevel',
        why: 'named for what it does, and on: records of aborted transactions are seldom wanted',
      },
      {
        name: 'ReadTimeoutMillis',
        theirs: '1000',
        ours: 'no field',
        why: 'the reader waits for the first record and takes what is there',
      },
      {
        name: 'ProcessTimeoutMillis',
        theirs: '60000',
        field: 'work.processTimeoutMs',
        why: 'the same; 0 is no deadline, where in zkafka every record times out at once. A handler that ignores its signal loses its thread, and is not left running beside the next record of its key',
      },
      {
        name: 'SessionTimeoutMillis',
        theirs: '61000',
        field: 'work.sessionTimeoutMs',
        why: "librdkafka's: handlers cannot hold up heartbeats here, so a dead process may be noticed sooner",
      },
      {
        name: 'MaxPollIntervalMillis',
        theirs: '61000',
        field: 'work.maxPollIntervalMs',
        why: "librdkafka's: handlers cannot hold up polling here",
      },
      {
        name: 'ProcessDelayMillis',
        theirs: 'nil: none',
        field: 'work.processDelayMs',
        why: 'of any length: polling goes on, where zkafka leaves its group beyond MaxPollIntervalMillis',
      },
      {
        name: 'SaslUsername, SaslPassword',
        theirs: "Config's, each by itself",
        field: 'work.sasl',
        why: 'each field by itself too. No SASL for one work is `sasl: false`; in zkafka it is an empty text, which is an error here',
      },
      {
        name: 'DeadLetterTopicConfig',
        theirs: 'nil',
        field: 'work.deadLetterTopic',
        why: 'a name does. Written before the offset completes, with headers that say why; zkafka stores the offset first and only logs a letter that it could not write',
      },
      { name: 'GetFormatter, GetSchemaID', ours: 'none', why: 'the configuration is yours' },
      {
        name: '(auto.offset.reset)',
        theirs: 'latest (librdkafka)',
        field: 'work.autoOffsetReset',
        why: 'with latest, records written to a new partition before the consumer discovers it are skipped',
      },
      {
        name: '(partition.assignment.strategy)',
        theirs: 'range,roundrobin (librdkafka)',
        field: 'work.assignmentStrategy',
        why: 'a rebalance moves few partitions, and the others go on. See above how a group rolls over',
      },
    ],
  },
  {
    title: 'ProducerTopicConfig',
    text: 'What `client.writer` takes.',
    rows: [
      {
        name: 'ClientID',
        theirs: 'required',
        ours: '`clientId`',
        normal: "the client's",
        why: 'not required; the brokers see `clientId-topic` in both',
      },
      { name: 'Topic', ours: '`topic`', why: same },
      { name: 'BootstrapServers', theirs: "Config's", ours: '`bootstrapServers`', normal: "the client's", why: same },
      {
        name: 'DeliveryTimeoutMs',
        theirs: '300000 (librdkafka)',
        ours: '`deliveryTimeoutMs`',
        normal: '`300_000`',
        why: same,
      },
      {
        name: 'AdditionalProps',
        theirs: 'nil',
        ours: '`additionalProps`',
        normal: '`{}`',
        why: 'as for a work: what the runtime answers for is refused',
      },
      {
        name: 'Formatter, SchemaRegistry, SchemaID',
        theirs: 'json',
        ours: '`format`',
        normal: 'none: Buffers and texts',
        why: 'as for a processor',
      },
      {
        name: 'Transaction',
        theirs: 'false',
        ours: '`transaction`',
        normal: '`false`',
        why: 'the same flag, which begins no transaction in either',
      },
      {
        name: 'RequestRequiredAcks',
        theirs: 'all (librdkafka)',
        ours: '`requestRequiredAcks`',
        normal: "`'all'`",
        why: same,
      },
      { name: 'EnableIdempotence', theirs: 'true', ours: '`enableIdempotence`', normal: '`true`', why: same },
      { name: 'LingerMillis', theirs: '0', ours: '`lingerMs`', normal: '`0`', why: same },
      { name: 'NagleDisable', theirs: 'true', ours: '`nagleDisable`', normal: '`true`', why: same },
      {
        name: 'SaslUsername, SaslPassword',
        theirs: "Config's",
        ours: '`sasl`',
        normal: "the client's",
        why: 'as for a work',
      },
      {
        name: '(partitioner)',
        theirs: 'consistent_random (librdkafka)',
        ours: '`partitioner`',
        normal: "`'consistent_random'`",
        why: 'keys stay where zkafka puts them',
      },
    ],
  },
  {
    title: 'SchemaRegistryConfig',
    text: 'Arguments of the schema registry formats of @zk/formats.',
    rows: [
      { name: 'URL', ours: '`url`', why: 'the same, `mock://` for one in memory' },
      {
        name: 'Serialization.AutoRegisterSchemas',
        theirs: 'false',
        ours: '`autoRegister`',
        normal: '`false`',
        why: same,
      },
      {
        name: 'Serialization.Schema, Deserialization.Schema',
        ours: 'the schema of the format',
        why: 'said once, for both directions',
      },
      {
        name: 'SubjectName',
        theirs: '`<topic>-value`',
        ours: '`subject`',
        normal: '`<topic>-value`',
        why: 'strategies by topic, record, or both as well',
      },
    ],
  },
  {
    title: 'Client',
    rows: [
      {
        name: 'NewClient',
        ours: '`createClient`',
        why: 'checks the configuration, where zkafka finds out when it connects',
      },
      {
        name: 'Client.Reader',
        ours: '`client.reader`',
        why: 'a reader is kept by everything that it was asked for with, in zkafka by its ClientID alone',
      },
      { name: 'Client.Writer', ours: '`client.writer`', why: 'the same' },
      {
        name: 'Client.Close',
        ours: '`client.close`',
        why: 'works first, then writers, then readers; all errors, where zkafka returns the last one',
      },
      { name: 'ClientProvider', ours: 'the type `Client`', why: '@zk/testing has one that needs no Kafka' },
      {
        name: 'LoggerOption',
        theirs: 'NoopLogger',
        field: 'client.logger',
        normal: 'pino, with the level of LOG_LEVEL',
        why: 'errors must not be silent by default. Works have it too, unless their factory has another',
      },
      {
        name: 'KafkaGroupPrefixOption',
        theirs: 'none',
        field: 'client.groupPrefix',
        why: 'the same: `prefix.groupId`',
      },
      {
        name: 'WithClientTracerProviderOption',
        theirs: 'none',
        field: 'client.tracer',
        why: 'a tracer, or `true` for the registered provider. Works inherit it, which in zkafka they do not. Worker threads have a provider of their own, see [Tracing](tracing.md)',
      },
      {
        name: 'WithClientTextMapPropagator',
        theirs: 'none',
        field: 'client.propagator',
        why: 'with a tracer, the registered one by default; `false` for none',
      },
      {
        name: 'WithClientLifecycleHooks',
        theirs: 'none',
        field: 'client.hooks',
        why: 'of writers as there, and of works that have none of their own',
      },
      {
        name: 'WithConsumerProvider, WithProducerProvider, KafkaConsumer, KafkaProducer',
        ours: 'none',
        why: 'tests use the embedded broker, which behaves like one',
      },
    ],
  },
  {
    title: 'Reader and Writer',
    rows: [
      { name: 'Reader, KReader, Reader.Read', ours: '`reader.read`', why: 'the same; null when there is nothing yet' },
      { name: 'Reader.Close', ours: '`reader.close`', why: same },
      { name: 'KReader.Assignments, Assignment', ours: '`reader.assignments`', why: same },
      {
        name: 'ReaderSettings, ReaderOption, RFormatterOption',
        ours: '`format` of the reader',
        why: 'fields do what options did',
      },
      { name: 'Writer, KWriter, Writer.Write', ours: '`writer.write`', why: 'one awaited, or many on their way' },
      { name: 'Writer.WriteKey', ours: '`writer.writeKey`', why: same },
      { name: 'Writer.WriteRaw', ours: '`writer.writeRaw`', why: same },
      { name: 'Writer.Close', ours: '`writer.close`', why: 'flushes, which zkafka does not' },
      { name: 'Response', ours: 'what a write resolves with: topic, partition, offset', why: same },
      {
        name: 'WriteOption, WithHeaders',
        ours: '`headers` of a write',
        why: 'partition and timestamp can be given too',
      },
      {
        name: 'WriterSettings, WriterOption, WFormatterOption',
        ours: '`format` of the writer',
        why: 'fields do what options did',
      },
      {
        name: 'DisableTracePropagation',
        theirs: 'false',
        ours: '`propagator: false` of the writer',
        normal: "the client's `propagator`",
        why: 'the same; spans are still made',
      },
      { name: 'TopicPartition', ours: '`{ topic, partition }`', why: 'zkafka does not use it' },
    ],
  },
  {
    title: 'Work',
    rows: [
      {
        name: 'NewWorkFactory, WorkFactory',
        ours: '`client.workFactory`',
        why: 'what is given there holds for all of its works',
      },
      {
        name: 'WorkFactory.Create',
        ours: '`create`',
        why: 'the processor is a module and no object, because it runs in threads',
      },
      { name: 'WorkFactory.CreateWithFunc', ours: '`create`', why: 'the function is the default export of a module' },
      {
        name: 'Work.Run',
        ours: '`work.run`',
        why: 'resolves with counters; `shutdown` and `signal` are AbortSignals. A work may be run again in both',
      },
      {
        name: 'ctx of Run',
        ours: '`signal` of `run`',
        why: 'what it cuts off is not committed; zkafka marks it as done',
      },
      { name: 'shutdown of Run', ours: '`shutdown` of `run`', why: 'not held up by an open circuit or a delay' },
      {
        name: 'WithLogger',
        theirs: 'NoopLogger',
        ours: '`logger` of the work factory',
        normal: 'pino',
        why: 'errors must not be silent by default',
      },
      {
        name: 'WithTracerProvider, WithTextMapPropagator, WithWorkTextMapPropagator',
        ours: '`tracer`, `propagator` of the factory and of the work',
        why: 'the same, also for dead letters; where zkafka takes nil a work says `false`',
      },
      {
        name: 'WithWorkLifecycleHooks, WithLifecycleHooks',
        ours: '`hooks` of the factory and of the work',
        why: "those of the work replace the factory's, as there; `chainHooks` keeps both",
      },
      {
        name: 'Speedup',
        theirs: '1',
        field: 'work.speedup',
        why: 'worker threads are what this runtime is for. The start log says where the number came from',
      },
      {
        name: 'CircuitBreakAfter',
        theirs: 'more than 5',
        field: 'work.circuitBreaker.after',
        why: 'the same. A read that brings nothing is no outcome; in zkafka it counts as a success',
      },
      {
        name: 'CircuitBreakFor',
        theirs: '60 s',
        field: 'work.circuitBreaker.forMs',
        why: 'the same; heartbeats go on meanwhile',
      },
      {
        name: 'WithDisableCircuitBreaker, DisableCircuitBreaker',
        theirs: 'false',
        field: 'work.circuitBreaker',
        why: '`circuitBreaker: false`',
      },
      {
        name: 'WithDisableBusyLoopBreaker, DisableBusyLoopBreaker',
        theirs: 'false',
        ours: 'none',
        why: 'nothing spins while a circuit is open',
      },
      { name: 'WithOnDone', theirs: 'none', field: 'work.onDone', why: 'the same, with the outcome as an object' },
      {
        name: 'WithDeadLetterTopic',
        theirs: 'none',
        field: 'work.deadLetterTopic',
        why: 'one topic for a work; in zkafka this and the field of the configuration write twice',
      },
      { name: 'WorkOption, WorkFactoryOption', ours: 'fields', why: 'an object with types says what there is' },
      {
        name: 'ProcessError',
        ours: '`ProcessError`',
        why: 'thrown, not returned; with `disableCircuitBreak`, `disableDeadLetter`, and `retryable`',
      },
      {
        name: 'ProcessError.DisableDLTWrite',
        theirs: 'false',
        ours: '`disableDeadLetter`',
        normal: '`false`',
        why: same,
      },
    ],
  },
  {
    title: 'Lifecycle hooks',
    text: 'All eight, on the side where they belong; what they throw never changes an outcome.',
    rows: [
      { name: 'LifecycleHooks', ours: '`hooks`', why: same },
      { name: 'PostReadImmediate', ours: '`postReadImmediate`', why: same },
      { name: 'PostRead', ours: '`postRead`', why: 'values travel to the processor as they do there' },
      { name: 'PostFanout', ours: '`postFanout`', why: same },
      {
        name: 'PreProcessing',
        ours: '`preProcessing`',
        why: 'in the thread of the processor; a throw is logged, where a panic skips the processor in zkafka and passes for a success',
      },
      {
        name: 'PostProcessing',
        ours: '`postProcessing`',
        why: 'in the thread of the processor; a throw is logged, where a panic makes a failure in zkafka',
      },
      { name: 'PreWrite', ours: '`preWrite`', why: same },
      { name: 'PostAck', ours: '`postAck`', why: same },
      { name: 'CircuitBreakerStateChanged, CircuitBreakerState', ours: '`circuitBreakerStateChanged`', why: same },
      { name: 'ChainLifecycleHooks', ours: '`chainHooks`', why: same },
      { name: 'LifecyclePostReadMeta and the other Meta types', ours: 'the arguments of the hooks', why: same },
    ],
  },
  {
    title: 'Message',
    rows: [
      {
        name: 'Key',
        ours: '`message.key`',
        why: 'bytes, and null where there is none; in zkafka a text that is empty for both',
      },
      {
        name: 'Headers',
        ours: '`message.headers`',
        why: 'in their order; `get` gives the last of a name and `getAll` every one',
      },
      { name: 'Offset, Partition, Topic', ours: '`message.offset`, `partition`, `topic`', why: same },
      { name: 'GroupID', ours: 'the group of the work', why: 'it is the same for all' },
      { name: 'TimeStamp', ours: '`message.timestamp`', why: 'milliseconds since 1970' },
      {
        name: 'Decode',
        ours: '`message.value`',
        why: 'decoded before the handler is called; what cannot be decoded is a failure like any other',
      },
      { name: 'Value', ours: '`message.rawValue`', why: same },
      {
        name: 'Done, DoneWithContext',
        ours: 'none for a work; a reader commits',
        why: 'the runtime knows when a record is done',
      },
      { name: 'Logger, NoopLogger', ours: '`Logger`', why: "pino's six methods" },
    ],
  },
  {
    title: 'Formats (zfmt)',
    rows: [
      { name: 'json', ours: '`json()`', why: 'a schema of zod may check it' },
      { name: 'string', ours: '`string`', why: 'decodes to a text, for which zkafka needs an io.Writer' },
      { name: 'proto_raw, proto_base64, proto_json', ours: '`proto(…)` with its encoding', why: same },
      { name: 'avro', ours: '`avro(…)`', why: 'by its schema and without generated code' },
      {
        name: 'avro_schema, json_schema, proto_schema_deprecated',
        ours: 'the three with a plain schema id',
        why: 'the magic byte is checked',
      },
      {
        name: 'avro_schema_registry, proto_schema_registry, json_schema_registry',
        ours: 'the three of @zk/formats/registry',
        why: 'a schema is resolved once and not for every record; bytes that are too short are an error and no panic',
      },
      { name: 'custom', ours: 'an object with `name`, `decode`, `encode`', why: 'works in a work too' },
      {
        name: 'GetFormatter, Formatter, FormatterType',
        ours: 'the type `Format`',
        why: 'a format is a value and no name',
      },
    ],
  },
  {
    title: 'Test kit',
    rows: [
      {
        name: 'FakeMessage, GetMsgFromFake, GetFakeMessage',
        ours: '`fakeMessage` of @zk/testing',
        why: 'values that cannot be encoded throw, where zkafka goes on without',
      },
      {
        name: 'FakeClient',
        ours: '`createFakeClient` of @zk/testing',
        why: 'readers, writers and works of the runtime itself, over topics in memory',
      },
      { name: 'mocks', ours: 'the embedded broker of @zk/testing', why: 'behaves like a broker, rebalances included' },
    ],
  },
]
