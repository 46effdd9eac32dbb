/** The same promises on a real Kafka. */
import './work-factory.test.js'
