/** The same promises on a real Kafka. */
import './failures.test.js'
