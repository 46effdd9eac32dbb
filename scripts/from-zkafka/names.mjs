/**
 * What zkafka 2.3 exports, in its own groups, and what it is called here. `field` names a field of the configuration (`client.x`,
 * `work.x`, `writer.x`), from which name and default are taken; else `ours` and `normal` say them. That every name of zkafka has a
 * row, and that what is named here exists, is seen by scripts/test/from-zkafka.test.mjs.
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
        ours: 'none; `timeoutMs` of `reader.read`',
        why: 'a work waits for the first record and takes what is there',
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
        name: '(enable.auto.commit, enable.auto.offset.store)',
        theirs: 'true, false',
        ours: 'none',
        why: 'the runtime commits; both are refused in `additionalProps`, where zkafka lets them break commits',
      },
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
        field: 'writer.clientId',
        why: 'not required; the brokers see `clientId-topic` in both',
      },
      { name: 'Topic', field: 'writer.topic', why: same },
      { name: 'BootstrapServers', theirs: "Config's", field: 'writer.bootstrapServers', why: same },
      {
        name: 'DeliveryTimeoutMs',
        theirs: '300000 (librdkafka)',
        field: 'writer.deliveryTimeoutMs',
        why: same,
      },
      {
        name: 'AdditionalProps',
        theirs: 'nil',
        field: 'writer.additionalProps',
        why: 'as for a work: what the runtime answers for is refused',
      },
      {
        name: 'Formatter, SchemaRegistry, SchemaID',
        theirs: 'json',
        field: 'writer.format',
        why: 'as for a processor: a format has its schema, registry or id in itself',
      },
      {
        name: 'Transaction',
        theirs: 'false',
        field: 'writer.transaction',
        why: 'the same flag, which begins no transaction in either',
      },
      {
        name: 'RequestRequiredAcks',
        theirs: 'all (librdkafka)',
        field: 'writer.requestRequiredAcks',
        why: 'the same; less than all needs `enableIdempotence: false`, and says so before it connects',
      },
      { name: 'EnableIdempotence', theirs: 'true', field: 'writer.enableIdempotence', why: same },
      { name: 'LingerMillis', theirs: '0', field: 'writer.lingerMs', why: same },
      { name: 'NagleDisable', theirs: 'true', field: 'writer.nagleDisable', why: same },
      {
        name: 'SaslUsername, SaslPassword',
        theirs: "Config's",
        field: 'writer.sasl',
        why: 'as for a work',
      },
      { name: 'GetFormatter, GetSchemaID', ours: 'none', why: 'the configuration is yours' },
      {
        name: '(partitioner)',
        theirs: 'consistent_random (librdkafka)',
        field: 'writer.partitioner',
        why: 'keys stay where zkafka puts them',
      },
    ],
  },
  {
    title: 'SchemaRegistryConfig',
    text: 'Arguments of `avroRegistry` (@zk/formats/avro), `protoRegistry` (@zk/formats/proto) and `jsonRegistry` (@zk/formats/registry).',
    rows: [
      {
        name: 'URL',
        ours: '`registry.url`',
        why: 'the same, `mock://` for one in memory. Beside it `auth`, `tls`, timeouts and retries, of which zkafka has none',
      },
      {
        name: 'Serialization.AutoRegisterSchemas',
        theirs: 'false',
        ours: '`autoRegister`',
        normal: '`false`',
        why: 'the same; `useLatest` writes under what the subject has',
      },
      {
        name: 'Serialization.Schema, Deserialization.Schema',
        ours: '`schema`',
        why: 'said once, for both directions; without one `avroRegistry` reads each value as it was written',
      },
      {
        name: 'SubjectName',
        theirs: '`<topic>-value`',
        ours: '`subject`, `subjectStrategy`',
        normal: "`'topic'`: `<topic>-value`",
        why: 'a name, or a strategy by topic, record, or both',
      },
    ],
  },
  {
    title: 'Client',
    rows: [
      {
        name: 'NewClient, Client, Option',
        ours: '`createClient`',
        why: 'an object with types instead of options; checks it, where zkafka finds out when it connects',
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
      {
        name: 'Reader, KReader, Reader.Read',
        ours: '`reader.read`',
        why: 'null when none came within `timeoutMs`, without which it waits; `for await` does the same. Errors are thrown, and the next call joins anew',
      },
      {
        name: 'Reader.Close',
        ours: '`reader.close`',
        why: 'commits what is done, and a second call does nothing, as there',
      },
      {
        name: 'KReader.Assignments, Assignment',
        ours: '`reader.assignments`',
        why: 'the same: topic and partition of each',
      },
      {
        name: 'ReaderSettings, ReaderOption, RFormatterOption',
        ours: '`format` of the reader',
        why: 'fields do what options did',
      },
      { name: 'Writer, KWriter, Writer.Write', ours: '`writer.write`', why: 'one awaited, or many on their way' },
      { name: 'Writer.WriteKey', ours: '`writer.writeKey`', why: 'the same; keys are text or bytes' },
      {
        name: 'Writer.WriteRaw',
        ours: '`writer.writeRaw`',
        why: 'the same: a null key is none, a null value a tombstone',
      },
      {
        name: 'Writer.Close',
        ours: '`writer.close`',
        why: 'sends what is outstanding, which zkafka does not; `writer.flush` does it in between',
      },
      { name: 'Response', ours: '`SentRecord`: partition and offset, with which a write resolves', why: same },
      {
        name: 'WriteOption, WithHeaders',
        ours: '`headers` of `WriteOptions`',
        why: 'beside `partition` and `timestamp`; names may repeat, values may be bytes',
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
        name: 'Work, Work.Run',
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
        name: 'ProcessError, ProcessError.Err',
        ours: '`ProcessError`',
        why: 'thrown, not returned; what is behind it is its `cause`. `retryable` says whether another attempt can help',
      },
      {
        name: 'ProcessError.DisableCircuitBreak',
        theirs: 'false',
        ours: '`disableCircuitBreak`',
        normal: '`false`',
        why: same,
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
      {
        name: 'PostReadImmediate',
        ours: '`postReadImmediate`',
        why: 'once for a read that brought something, which may be many records; not while there is nothing to read',
      },
      { name: 'PostRead', ours: '`postRead`', why: 'values travel to the processor as they do there' },
      {
        name: 'PostFanout',
        ours: '`postFanout`',
        why: 'after the records of a read are given out, not after every turn of a loop',
      },
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
      { name: 'PreWrite', ours: '`preWrite`', why: 'knows topic, key and headers of the record' },
      { name: 'PostAck', ours: '`postAck`', why: 'knows the error too, if there is one' },
      {
        name: 'CircuitBreakerStateChanged, CircuitBreakerState',
        ours: '`circuitBreakerStateChanged`',
        why: "states are `'closed'`, `'open'`, `'half-open'`; called outside of any lock",
      },
      {
        name: 'ChainLifecycleHooks',
        ours: '`chainHooks`',
        why: 'the same: all run, errors are joined, values and headers add up',
      },
      {
        name: 'LifecyclePostReadMeta, LifecyclePostReadImmediateMeta, LifecyclePreProcessingMeta, LifecyclePostProcessingMeta',
        ours: '`ReadMessage` and `ReadAbout`, `ReadAttempt`, `HookContext`, `HandlerEnd`',
        why: 'the arguments of the hooks, by which TypeScript knows them without being told',
      },
      {
        name: 'LifecyclePostAckMeta, LifecyclePreWriteMeta, LifecyclePreWriteResp, LifecycleCircuitBreakerStateChangedMeta',
        ours: '`WriteAck`, `PendingWrite`, `AddedHeaders`, `CircuitChange`',
        why: same,
      },
    ],
  },
  {
    title: 'Message',
    rows: [
      {
        name: 'Message, Key',
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
        why: 'decoded before the handler is called, for readers when it is looked at; what cannot be decoded is a failure like any other, a tombstone is null',
      },
      { name: 'Value', ours: '`message.rawValue`', why: same },
      {
        name: 'Done, DoneWithContext',
        ours: '`message.done` of a reader; none for a work',
        why: 'what is done is committed in order, as there; a work knows by itself when a record is done',
      },
      { name: 'Logger, NoopLogger', ours: '`Logger`', why: "pino's six methods" },
    ],
  },
  {
    title: 'Formats (zfmt)',
    rows: [
      {
        name: 'json',
        ours: '`json`',
        why: '`json(schema)` checks and types it, by zod or anything with such a `parse`',
      },
      { name: 'string', ours: '`string`', why: 'decodes to a text, for which zkafka needs an io.Writer' },
      {
        name: 'proto_raw, proto_base64, proto_json',
        ours: "`proto` of @zk/formats/proto, with `encoding: 'base64'`, `'json'`",
        why: 'the same; by the schema that protoc-gen-es generates',
      },
      { name: 'avro', ours: '`avro` of @zk/formats/avro', why: 'by its schema and without generated code' },
      {
        name: 'avro_schema, json_schema, proto_schema_deprecated',
        ours: '`withSchemaId` around `avro`, `json`, `proto` in base64',
        why: 'the same bytes; the magic byte is checked too',
      },
      {
        name: 'avro_schema_registry, proto_schema_registry, json_schema_registry',
        ours: '`avroRegistry`, `protoRegistry`, `jsonRegistry`',
        why: 'a schema is fetched once for all threads and resolved once, not for every record; bytes that are too short are an error and no panic; JSON can be validated; a registry that is down is waited for',
      },
      { name: 'custom', ours: 'an object with `name`, `decode`, `encode`', why: 'works in a work too' },
      {
        name: 'GetFormatter, Formatter, FormatterType',
        ours: 'the type `Format`',
        why: 'a format is a value and no name: what it cannot be is no configuration either',
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
