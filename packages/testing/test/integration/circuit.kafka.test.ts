/** The same promises on a real Kafka. */
import './circuit.test.js'
