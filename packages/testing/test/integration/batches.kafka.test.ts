/** The same promises on a real Kafka. */
import './batches.test.js'
