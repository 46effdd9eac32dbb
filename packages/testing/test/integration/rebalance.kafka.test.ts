/** The same promises on a real Kafka. */
import './rebalance.test.js'
