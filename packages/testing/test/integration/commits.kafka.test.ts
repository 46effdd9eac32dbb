/** The same promises on a real Kafka. */
import './commits.test.js'
