/** The same promises on a real Kafka. */
import './hooks.test.js'
