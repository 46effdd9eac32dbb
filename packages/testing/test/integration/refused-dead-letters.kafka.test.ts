/** The same promises on a real Kafka. */
import './refused-dead-letters.test.js'
