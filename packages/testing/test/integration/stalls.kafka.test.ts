/** The same promises on a real Kafka. */
import './stalls.test.js'
