/**
 * Sends each record on to the topic that its options name, with its headers, and tells of that in the header `attempt`.
 *
 * options: { out, journal, how?: 'await' | 'ignore' | 'sync', partition?, dies?: key }. `how`: the handler awaits its send,
 * or returns a promise without awaiting it, or returns none. The thread exits once, while the record of the key `dies` waits
 * for its acknowledgement.
 */
import { openSync, writeSync } from 'node:fs'
import { isFirst } from './recorder.mjs'

let fd = -1

export default {
  setup({ options }) {
    fd = openSync(options.journal, 'a')
    return options
  },

  process(message, ctx) {
    const { out, how = 'await', partition, dies } = ctx.state
    const key = String(message.key)
    const headers = [...message.headers, ['origin', ctx.idempotencyKey], ['attempt', String(ctx.attempt)]]
    const sent = ctx.send(out, { key: message.key, value: message.rawValue, headers, partition })
    sent.then(
      ({ partition: where, offset }) => write({ type: 'sent', key, where, offset }),
      (error) => write({ type: 'refused', key, code: error.code ?? error.name }),
    )
    if (key === dies && isFirst(`${ctx.state.journal}.dies`)) return die(ctx.state)
    if (how === 'sync') return undefined
    return how === 'await' ? sent.then(() => {}) : Promise.resolve()
  },
}

function write(line) {
  writeSync(fd, `${JSON.stringify(line)}\n`)
}

/** Once the send is on its way. */
async function die() {
  await new Promise(setImmediate)
  process.exit(7)
}
