/** The same promise on a real Kafka. */
import './dead-letter-crash.test.js'
