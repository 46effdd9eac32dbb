/** A program that uses the library: runs to the end, closes, and says what still keeps it alive. */
import { client, print, quietWork } from './quiet-work.mjs'

process.on('unhandledRejection', (error) => print({ event: 'unhandled', message: String(error) }))

const { reason, processed } = await quietWork(2, { ms: 1 }).run({ untilEnd: true })
await client.close()
print({ event: 'summary', reason, processed })
// One turn, for handles whose close is under way.
setImmediate(() => {
  const own = process
    .getActiveResourcesInfo()
    .filter((name) => !/^(Immediate|PipeWrap|TTYWrap|FSReqCallback)$/.test(name))
  print({ event: 'handles', open: own })
})
