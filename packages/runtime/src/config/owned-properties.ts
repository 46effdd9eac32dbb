/** librdkafka properties that `additionalProps` may not set, each with the reason that the error gives. */

export const field = (name: string) => `use the field ${name}`
const offsets = 'it decides when a record counts as done, which only the runtime knows'
const producer = 'the producer of dead letters and outputs is idempotent, and waits for all replicas in sync'
const callback = 'the runtime listens there itself'
const native = 'it is a pointer of C, which cannot be given from JavaScript'

const owned: Readonly<Record<string, string>> = {
  'bootstrap.servers': field('bootstrapServers of the client'),
  'metadata.broker.list': field('bootstrapServers of the client'),
  'client.id': field('clientId'),
  'group.id': field('groupId'),
  'group.instance.id': field('groupInstanceId'),
  'partition.assignment.strategy': field('assignmentStrategy'),
  'topic.blacklist': 'say in topics what is to be read',
  'auto.offset.reset': field('autoOffsetReset'),
  'isolation.level': field('isolationLevel'),
  'enable.auto.commit': offsets,
  'auto.commit.enable': offsets,
  'enable.auto.offset.store': offsets,
  'offset.store.method': offsets,
  'enable.partition.eof': 'the runtime needs to know where a partition ends',
  'enable.idempotence': producer,
  acks: producer,
  'request.required.acks': producer,
  'transactional.id': 'outputs are written at least once, without transactions',
  'transaction.timeout.ms': 'outputs are written at least once, without transactions',
  'delivery.report.only.error': callback,
  'log.queue': callback,
  dr_cb: callback,
  dr_msg_cb: callback,
  partitioner_cb: callback,
  rebalance_cb: callback,
  offset_commit_cb: callback,
  consume_cb: callback,
  stats_cb: callback,
  error_cb: callback,
  log_cb: callback,
  event_cb: callback,
  enabled_events: callback,
  throttle_cb: callback,
  background_event_cb: callback,
  oauthbearer_token_refresh_cb: 'use sasl with a token callback, which node-rdkafka would not call',
  socket_cb: native,
  connect_cb: native,
  closesocket_cb: native,
  open_cb: native,
  resolve_cb: native,
  msg_order_cmp: native,
  interceptors: native,
  opaque: native,
  default_topic_conf: native,
  ssl_ca: native,
  ssl_certificate: native,
  ssl_key: native,
  ssl_engine_callback_data: native,
  'ssl.certificate.verify_cb': native,
}

/** @returns why the property may not be given, or undefined when it may. */
export function ownedProperty(name: string): string | undefined {
  if (Object.hasOwn(owned, name)) return owned[name]
  if (name.startsWith('go.')) return "it belongs to librdkafka's Go client"
  return undefined
}

export const ownedProperties = Object.entries(owned)
