// @ts-check
/**
 * Preloaded into `zk run`: what only the process itself knows goes into the ledger that LEDGER names, in the moment in
 * which it happens: assignments, commits, deaths of threads, how full the window is and how far the work has come.
 */
import { isMainThread } from 'node:worker_threads'
import { progressOf } from './progress.mjs'

const SAMPLE_MS = 50
/** Time for the program to listen. */
const PASS_ON_MS = 100
/** The defaults of windowMessages and windowBytes, which no run of these proofs changes. */
const CAPS = { capMessages: 8_192, capBytes: 64 * 2 ** 20 }

const { LEDGER, LEDGER_GROUP: group = '' } = process.env
if (isMainThread && LEDGER && process.argv[2] === 'run') {
  const pass = holdSignals()
  const { ledgerNow, loadWork, openLedger } = await import('./kit.mjs')
  const Work = await loadWork()
  const ledger = openLedger(LEDGER)
  const { pid } = process
  /** @type {Map<string, number>} */
  const epochs = new Map()
  const nameOf = (/** @type {{ topic: string, partition: number }} */ { topic, partition }) => `${topic}/${partition}`

  /** @param {any} event a WorkEvent */
  const write = (event) => {
    const at = ledgerNow()
    if (event.type === 'committed') {
      for (const { topic, partition, offset, finished } of event.offsets) {
        const epoch = epochs.get(`${topic}/${partition}`)
        ledger.append({
          type: 'committed',
          group,
          topic,
          partition,
          offset,
          pid,
          at,
          ...(epoch === undefined ? {} : { epoch }),
          ...(finished === undefined ? {} : { finished }),
        })
      }
    }
    if (event.type === 'thread-gone') ledger.append({ type: 'thread-gone', pid, thread: event.thread, at })
    if (event.type === 'assigned') for (const one of event.partitions) epochs.set(nameOf(one), one.epoch)
    if (event.type !== 'assigned' && event.type !== 'revoked' && event.type !== 'lost') return
    // A line speaks of one epoch.
    for (const { topic, partition } of event.partitions) {
      const epoch = epochs.get(`${topic}/${partition}`) ?? 0
      ledger.append({ type: event.type, pid, epoch, partitions: [{ topic, partition }], at })
    }
  }

  const run = Work.prototype.run
  Work.prototype.run = async function (options = {}) {
    const { onEvent } = options
    const sample = setInterval(() => {
      const state = this.state()
      // A process begins with its first assignment: there is nothing to tell before.
      if (state === undefined || epochs.size === 0) return
      const { window, partitions } = state
      ledger.append({ type: 'window', pid, messages: window.messages, bytes: window.bytes, ...CAPS })
      ledger.append({ type: 'progress', pid, ...progressOf(partitions), at: ledgerNow() })
    }, SAMPLE_MS)
    try {
      return await run.call(this, {
        ...options,
        onEvent: (event) => {
          write(event)
          onEvent?.(event)
        },
      })
    } finally {
      clearInterval(sample)
    }
  }
  pass()
}

/**
 * Loading takes a while, and all of it comes before the program can listen for signals.
 * @returns to be called in the end: signals that came meanwhile go to whoever listens then
 */
function holdSignals() {
  /** @type {NodeJS.Signals[]} */
  const early = []
  let loading = true
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    if (loading) early.push(signal)
  }
  process.on('SIGTERM', onSignal)
  return () => {
    loading = false
    setTimeout(() => {
      process.off('SIGTERM', onSignal)
      for (const signal of early) process.emit(signal, signal)
    }, PASS_ON_MS)
  }
}
