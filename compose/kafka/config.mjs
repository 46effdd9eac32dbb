// @ts-check
/**
 * The configuration of a small KRaft cluster in which every node is broker and controller.
 *
 * CLIENT is what the cluster's users see. Brokers talk to each other, and are probed for readiness, over INTERNAL, so
 * that faults put on the clients' way (a proxy, a firewall rule) hit clients only.
 */

export const HOST = '127.0.0.1'

/**
 * @typedef {object} NodePorts
 * @property {number} client
 * @property {number} internal
 * @property {number} controller
 * @property {number} [sasl] with `secure`
 * @property {number} [mtls] with `secure`
 */

/**
 * @param {object} cluster
 * @param {number} cluster.id of this node, from 1
 * @param {NodePorts[]} cluster.ports of all nodes; of node n at n - 1
 * @param {string} cluster.dataDir of this node
 * @param {Record<string, string | number | boolean>} cluster.overrides
 * @returns {Record<string, string | number | boolean>}
 */
export function brokerProperties({ id, ports, dataDir, overrides }) {
  const own = ports[id - 1]
  const replicas = Math.min(3, ports.length)
  const inSync = replicas === 3 ? 2 : 1
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': ports.map(({ controller }, i) => `${i + 1}@${HOST}:${controller}`).join(','),
    listeners: `CLIENT://${HOST}:${own.client},INTERNAL://${HOST}:${own.internal},CONTROLLER://${HOST}:${own.controller}`,
    'advertised.listeners': `CLIENT://${HOST}:${own.client},INTERNAL://${HOST}:${own.internal}`,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'INTERNAL',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir,

    // A mistyped topic must be an error, not a new topic.
    'auto.create.topics.enable': false,
    'num.partitions': 12,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 12,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 6,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'share.coordinator.state.topic.num.partitions': 6,

    // Quick to form a group, to tell its members of a change, and to notice a dead broker: nine seconds are a long time in a
    // test.
    'group.initial.rebalance.delay.ms': 0,
    'group.consumer.min.heartbeat.interval.ms': 500,
    'group.consumer.heartbeat.interval.ms': 500,
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,

    // Small: it shares the machine with what is tested.
    'num.network.threads': 2,
    'num.io.threads': 4,
    'log.cleaner.dedupe.buffer.size': 16 << 20,
    // What a test wants compacted should not take a quarter of a minute.
    'log.cleaner.backoff.ms': 500,
    'log.segment.bytes': 256 << 20,
    ...overrides,
  }
}

/** @param {Record<string, string | number | boolean>} properties */
export function toPropertiesFile(properties) {
  // Backslashes are escapes in a properties file: Windows paths need them doubled.
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${String(value).replaceAll('\\', '\\\\')}`)
  return `${lines.join('\n')}\n`
}

export const LOG4J2_YAML = `Configuration:
  status: WARN
  Appenders:
    Console:
      name: stdout
      PatternLayout: { pattern: "%d{ISO8601} %p %m (%c)%n" }
  Loggers:
    Root: { level: INFO, AppenderRef: [ { ref: stdout } ] }
    Logger: [ { name: org.apache.kafka.common.config.AbstractConfig, level: WARN } ]
`
