/** The same promises on a real Kafka. */
import './resets.test.js'
