// @ts-check
/** What is run. Pinned: the newest version a registry names may be published only in part. */

export const KAFKA_VERSION = '4.3.1'

/** Class files of the broker are of Java 17. */
export const MIN_JAVA = 17

/** Maven coordinates of a broker that writes a log: the server, and a logger for it. */
export const COORDINATES = [
  { group: 'org.apache.kafka', artifact: 'kafka_2.13', version: KAFKA_VERSION },
  { group: 'org.apache.logging.log4j', artifact: 'log4j-slf4j-impl', version: '2.25.4' },
  { group: 'org.apache.logging.log4j', artifact: 'log4j-core', version: '2.25.4' },
]
