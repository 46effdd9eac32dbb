/** `start-bare.js <bootstrap> <topic>`: a plain consumer, until it has partitions. Says how long it took to connect and join. */
import { bareConsumer } from './bare-consumer.js'

export interface BareStart {
  /** From the call of connect to the assignment, milliseconds. */
  joinMs: number
}

const [bootstrap, topic] = [process.argv[2]!, process.argv[3]!]
const started = performance.now()
const assigned = new Promise<void>((resolve) => {
  void bareConsumer({ bootstrap, topic, from: 'earliest', onAssigned: resolve }).then((consumer) => consumer.consume())
})
await assigned
const result: BareStart = { joinMs: performance.now() - started }
console.log(JSON.stringify(result))
process.kill(process.pid, 'SIGKILL')
