/** The same promises on a real Kafka. */
import './group.test.js'
