/** The same promises on a real Kafka. */
import './shutdown.test.js'
