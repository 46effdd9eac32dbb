/**
 * Writes down each call of its hooks and its handler. The value of a record says what the handler does: `bad` fails each time,
 * `once` at the first attempt, `exit` ends the thread at the first, `late` gives up 50 ms after its deadline, `slow` takes 20 ms, `send` sends to
 * `out`, partition `to`. With `fails`, its hooks fail: they `throw` or `reject`.
 */
import { appendFileSync } from 'node:fs'

function note(hook, message, ctx, more = {}) {
  const { topic, offset } = message
  const { attempt, values, virtualPartition, groupId } = ctx
  const line = {
    hook,
    topic,
    offset,
    attempt,
    values: { ...values },
    virtualPartition,
    groupId,
    at: Date.now(),
    ...more,
  }
  appendFileSync(ctx.state.journal, `${JSON.stringify(line)}\n`)
}

function fail({ fails }) {
  if (fails === 'throw') throw new Error('the hook’s')
  return fails === 'reject' ? Promise.reject(new Error('the hook’s')) : undefined
}

export default {
  setup({ options }) {
    return options
  },

  preProcessing(message, ctx) {
    note('preProcessing', message, ctx)
    return fail(ctx.state) ?? { before: message.offset }
  },

  process(message, ctx) {
    const value = message.rawValue.toString()
    note('process', message, ctx, { value })
    if (value === 'bad' || (value === 'once' && ctx.attempt === 1)) throw new Error(`the value says ${value}`)
    if (value === 'exit' && ctx.attempt === 1) return new Promise(() => setTimeout(() => process.exit(5), 20))
    if (value === 'slow') return new Promise((resolve) => setTimeout(resolve, 20))
    if (value === 'late') {
      return new Promise((_, reject) =>
        ctx.signal.addEventListener('abort', () => setTimeout(() => reject(ctx.signal.reason), 50)),
      )
    }
    if (value === 'send')
      return ctx
        .send(ctx.state.out, { key: message.key, value, headers: { abc: 'xxx' }, partition: ctx.state.to })
        .then(() => {})
  },

  postProcessing(message, ctx, { status, error, durationMs }) {
    note('postProcessing', message, ctx, { status, error: error?.message, durationMs })
    return fail(ctx.state)
  },
}
