/** The same promises on a real Kafka. */
import './callbacks.test.js'
