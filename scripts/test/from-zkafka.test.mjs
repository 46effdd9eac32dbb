/** The list that docs/guides/from-zkafka.md is made from: nothing of zkafka is left out, and nothing here is made up. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { groups } from '../from-zkafka/names.mjs'

const packages = join(import.meta.dirname, '../../packages')

/** What zkafka 2.3 and zfmt 1.0 export: names of the packages, fields of their configurations, methods. */
const EXPORTED = {
  'Config (client)': 'BootstrapServers SaslUsername SaslPassword CAFile KeyFile CertFile',
  ConsumerTopicConfig:
    'ClientID GroupID Topic Topics BootstrapServers AutoCommitIntervalMs AdditionalProps Formatter SchemaRegistry SchemaID ' +
    'Transaction ReadTimeoutMillis ProcessTimeoutMillis SessionTimeoutMillis MaxPollIntervalMillis ProcessDelayMillis ' +
    'SaslUsername SaslPassword DeadLetterTopicConfig GetFormatter GetSchemaID',
  ProducerTopicConfig:
    'ClientID Topic BootstrapServers DeliveryTimeoutMs AdditionalProps Formatter SchemaRegistry SchemaID Transaction ' +
    'RequestRequiredAcks EnableIdempotence LingerMillis NagleDisable SaslUsername SaslPassword GetFormatter GetSchemaID',
  SchemaRegistryConfig: 'URL Serialization.AutoRegisterSchemas Serialization.Schema Deserialization.Schema SubjectName',
  Client:
    'NewClient Client Option Client.Reader Client.Writer Client.Close ClientProvider LoggerOption ' +
    'WithClientTracerProviderOption WithClientTextMapPropagator KafkaGroupPrefixOption WithClientLifecycleHooks ' +
    'WithConsumerProvider WithProducerProvider KafkaConsumer KafkaProducer',
  'Reader and Writer':
    'Reader KReader Reader.Read Reader.Close KReader.Assignments Assignment ReaderSettings ReaderOption RFormatterOption ' +
    'TopicPartition Writer KWriter Writer.Write Writer.WriteKey Writer.WriteRaw Writer.Close Response WriteOption ' +
    'WithHeaders WriterSettings WriterOption WFormatterOption DisableTracePropagation',
  Work:
    'NewWorkFactory WorkFactory WorkFactoryOption WorkFactory.Create WorkFactory.CreateWithFunc WithLogger ' +
    'WithTracerProvider WithTextMapPropagator WithWorkLifecycleHooks Work Work.Run Speedup CircuitBreakAfter ' +
    'CircuitBreakFor WithDisableCircuitBreaker DisableCircuitBreaker WithDisableBusyLoopBreaker DisableBusyLoopBreaker ' +
    'WithOnDone WithLifecycleHooks WithDeadLetterTopic WithWorkTextMapPropagator WorkOption ProcessError ' +
    'ProcessError.Err ProcessError.DisableCircuitBreak ProcessError.DisableDLTWrite',
  'Lifecycle hooks':
    'LifecycleHooks PostReadImmediate PostRead PostFanout PreProcessing PostProcessing PreWrite PostAck ' +
    'CircuitBreakerStateChanged CircuitBreakerState ChainLifecycleHooks LifecyclePostReadMeta ' +
    'LifecyclePostReadImmediateMeta LifecyclePreProcessingMeta LifecyclePostProcessingMeta LifecyclePostAckMeta ' +
    'LifecyclePreWriteMeta LifecyclePreWriteResp LifecycleCircuitBreakerStateChangedMeta',
  Message:
    'Message Key Headers Offset Partition Topic GroupID TimeStamp Decode Value Done DoneWithContext Logger NoopLogger',
  'Formats (zfmt)':
    'json string proto_raw proto_base64 proto_json avro avro_schema json_schema proto_schema_deprecated ' +
    'avro_schema_registry proto_schema_registry json_schema_registry custom GetFormatter Formatter FormatterType',
  'Test kit': 'FakeMessage GetMsgFromFake GetFakeMessage FakeClient mocks',
}

test.each(Object.entries(EXPORTED))('%s: each name of zkafka has one row', (title, names) => {
  const rows = groups.find((group) => group.title === title)?.rows ?? []
  const listed = rows.flatMap(({ name }) => name.split(', ')).filter((name) => !/[()]|^(ctx|shutdown) of /.test(name))
  expect(listed.toSorted()).toEqual(names.split(' ').toSorted())
})

const sources = ['runtime', 'formats', 'testing']
  .map((name) => join(packages, name, 'src'))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((file) => join(folder, String(file))))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n')

test('what they are called here exists', () => {
  const named = groups.flatMap(({ rows }) =>
    rows.flatMap(({ ours = '' }) => [...ours.matchAll(/`([\w.]+)`/g)].map(([, name]) => name)),
  )
  const missing = named.filter((name) => !new RegExp(`\\b${name.split('.').at(-1)}\\b`).test(sources))
  expect(missing).toEqual([])
  expect(named.length).toBeGreaterThan(80)
})

test('each row says what is different, or that nothing is', () => {
  for (const { rows } of groups) for (const { why } of rows) expect(why.length).toBeGreaterThan(3)
})
