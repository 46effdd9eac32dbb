/** The same promises on a real Kafka. */
import './outputs.test.js'
