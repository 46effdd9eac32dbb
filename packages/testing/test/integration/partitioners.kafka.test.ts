/** The same promises on a real Kafka. */
import './partitioners.test.js'
