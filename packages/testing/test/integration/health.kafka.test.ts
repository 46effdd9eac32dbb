/** The same promises on a real Kafka. */
import './health.test.js'
