/** The same promises on a real Kafka. */
import './abort.test.js'
