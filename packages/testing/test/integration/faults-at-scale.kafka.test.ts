/** The same on a real Kafka. */
import './faults-at-scale.test.js'
