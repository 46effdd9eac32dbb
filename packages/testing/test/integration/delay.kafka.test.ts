/** The same promises on a real Kafka. */
import './delay.test.js'
