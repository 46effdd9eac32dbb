/** The same promises on a real Kafka. */
import './bad-input.test.js'
