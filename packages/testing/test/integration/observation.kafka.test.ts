/** The same promises on a real Kafka. */
import './observation.test.js'
