/**
 * Writes each delivery to the journal that its options name, and does what its options say for a record's key.
 *
 * options: { journal, ms?, busyMs?, out?, rules?: { [key]: Rule }, gate?: SharedArrayBuffer, gateSuccessors? }. Without `ms`
 * handlers are synchronous, and compute for `busyMs`. With `gateSuccessors` the set-up of a thread that replaces another
 * waits for the gate.
 * A Rule: 'throw' (a promise rejects) | 'throw-at-once' | 'exit' | 'abort' | 'throw-outside' | 'heap' | 'gate' | 'hang' | 'hang-deaf' | 'spin' | 'block' |
 * 'send', or
 * { do: Rule, once: true }: only the first time in the life of the journal. What has to be stopped writes a line every few ms
 * for as long as it runs. 'block' is a native call of two seconds that nothing can stop.
 */
import { execFileSync } from 'node:child_process'
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'

let fd = -1
let deliveries = 0
let thread = -1

const now = () => Number(process.hrtime.bigint()) / 1e6
const write = (line) => writeSync(fd, `${JSON.stringify(line)}\n`)
const text = (bytes) => (bytes === null ? null : bytes.toString())

export default {
  async setup({ index, options }) {
    fd = openSync(options.journal, 'a')
    thread = index
    write({ type: 'setup', thread })
    if (options.gateSuccessors && !isFirst(`${options.journal}.thread-${index}`)) await passed(options.gate)
    return options
  },

  process(message, ctx) {
    const { topic, partition, offset } = message
    const options = ctx.state
    const id = `${process.pid}.${threadId}.${++deliveries}`
    const key = text(message.key)
    const where = { id, thread, topic, partition, offset, key, value: text(message.rawValue) }
    write({ type: 'start', ...where, attempt: ctx.attempt, at: now() })
    const rule = ruleOf(options, key)
    if (rule === undefined && options.ms === undefined) {
      for (const until = performance.now() + (options.busyMs ?? 0); performance.now() < until; );
      end(id, true)
      return undefined
    }
    if (rule === 'throw-at-once') {
      end(id, false)
      throw new Error('the rule says throw at once')
    }
    return carryOut(rule, options, ctx, id)
  },

  teardown() {
    write({ type: 'teardown', thread })
  },
}

function end(id, ok) {
  write({ type: 'end', id, ok, at: now() })
}

export const BEAT_MS = 5

export function beat(id, to = fd) {
  writeSync(to, `${JSON.stringify({ type: 'beat', id })}\n`)
}

export function beatWhileComputing(id, to = fd) {
  beat(id, to)
  for (const until = performance.now() + BEAT_MS; performance.now() < until; );
}

/** Writes $1 into $2. */
const BLOCK = 'for i in $(seq 40); do printf "%s\\n" "$1" >> "$2"; sleep 0.05; done'

function ruleOf({ rules = {}, journal }, key) {
  const rule = key === null ? undefined : rules[key]
  if (rule === undefined || typeof rule === 'string') return rule
  return isFirst(`${journal}.${key}`) ? rule.do : undefined
}

/** Whether nobody has asked for this file before, in any thread or process. */
export function isFirst(file) {
  try {
    openSync(file, 'wx')
    return true
  } catch {
    return false
  }
}

/** Resolves when the gate is open. */
export async function passed(gate) {
  // Atomics.waitAsync would not wake an event loop that sleeps.
  while (Atomics.load(new Int32Array(gate), 0) === 0) await delay(2)
}

async function carryOut(rule, options, ctx, id) {
  // As one would to find out what happens next.
  if (rule !== undefined) for (let i = 0; i < 20; i++) ctx.log.info({ rule, line: i }, 'carrying out')
  switch (rule) {
    case 'exit':
      process.exit(9)
      break
    case 'abort':
      // As native code would: Node itself refuses process.abort() in threads.
      process.kill(process.pid, 'SIGABRT')
      for (;;);
    case 'throw-outside':
      setImmediate(() => {
        throw new Error('thrown outside the handler')
      })
      await new Promise(() => {})
      break
    case 'heap':
      for (const hoard = []; ; ) hoard.push(new Array(10_000).fill({ ...process.memoryUsage() }))
    case 'gate':
      await passed(options.gate)
      break
    case 'hang':
      await delay(2 ** 30, undefined, { signal: ctx.signal }).catch((error) => {
        end(id, false)
        throw error
      })
      break
    case 'hang-deaf':
      await new Promise(() => setInterval(() => beat(id), BEAT_MS))
      break
    case 'spin':
      for (;;) beatWhileComputing(id)
    case 'block':
      execFileSync('sh', ['-c', BLOCK, 'sh', JSON.stringify({ type: 'beat', id }), options.journal])
      break
    case 'send':
      // The handler ends at once; its delivery waits for the output, and what becomes of it the journal does not say.
      ctx.send(options.out, { value: 'output' }).catch(() => {})
      return
    case 'throw':
      end(id, false)
      throw new Error(`the rule says throw`)
    default:
      if (options.ms > 0) await delay(options.ms)
      else await new Promise(setImmediate)
  }
  end(id, true)
}
