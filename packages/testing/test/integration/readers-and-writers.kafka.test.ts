/** The same promises on a real Kafka. */
import './readers-and-writers.test.js'
