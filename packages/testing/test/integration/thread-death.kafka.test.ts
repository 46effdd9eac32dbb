/** The same promises on a real Kafka. */
import './thread-death.test.js'
