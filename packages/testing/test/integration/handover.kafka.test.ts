/** The same promises on a real Kafka. */
import './handover.test.js'
