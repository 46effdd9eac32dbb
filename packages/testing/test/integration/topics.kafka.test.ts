/** The same promises on a real Kafka. */
import './topics.test.js'
