/** The same promises on a real Kafka. */
import './frozen.test.js'
