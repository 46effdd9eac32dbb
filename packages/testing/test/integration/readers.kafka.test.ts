/** The same promises on a real Kafka. */
import './readers.test.js'
