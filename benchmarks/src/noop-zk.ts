/** One run of the runtime: `noop-zk.js <bootstrap> <topic> <messages> <native|portable> <speedup>`. */
import { createClient } from '@zk/runtime'
import { Clock } from './clock.js'
import { quietLogger } from './quiet-logger.js'

const [bootstrap, topic, total] = [process.argv[2]!, process.argv[3]!, Number(process.argv[4])]
const [reader, speedup] = [process.argv[5] as 'native' | 'portable', Number(process.argv[6])]
const client = createClient({ bootstrapServers: bootstrap.split(',') })
const work = client.workFactory({ logger: quietLogger }).create({
  topic,
  groupId: `zk-${process.pid}-${Date.now()}`,
  processor: new URL('./noop-processor.js', import.meta.url),
  speedup,
  reader,
})
const clock = new Clock(total)
const done = new AbortController()
// Short beside a run; each look is a snapshot of everything, which the rate must not pay for.
const look = setInterval(() => {
  const processed = work.state()?.counters.processed ?? 0
  clock.see(processed)
  if (processed < total) return
  clearInterval(look)
  console.log(JSON.stringify(clock.stop(processed)))
  done.abort()
}, 10)
await work.run({ shutdown: done.signal })
await client.close()
