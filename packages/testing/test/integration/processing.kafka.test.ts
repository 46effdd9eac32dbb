/** The same promises on a real Kafka. */
import './processing.test.js'
