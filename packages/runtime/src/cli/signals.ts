/** Signals as a mature service treats them: the first ends in good order, the second at once. */
import { constants } from 'node:os'

const ENDING = ['SIGINT', 'SIGTERM'] as const

/** Resolves at the first SIGINT or SIGTERM. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    // An open handle until then: a listener alone does not keep a process alive.
    const alive = setInterval(() => {}, 2 ** 30)
    for (const signal of ENDING) {
      process.once(signal, () => {
        clearInterval(alive)
        resolve()
      })
    }
  })
}

export interface EndingSignals {
  /** Aborts at the first signal. */
  readonly shutdown: AbortSignal
  /** Aborts at the second. */
  readonly abort: AbortSignal
  /** The code of a process that a second signal ended: 130 for SIGINT, 143 for SIGTERM; undefined before. */
  readonly exitCode: number | undefined
  stopListening(): void
}

/** Signals that came before this was loaded, and their listener. */
export interface EarlySignals {
  readonly received: readonly NodeJS.Signals[]
  stopListening(): void
}

export function endingSignals(early: EarlySignals, onFirst: (signal: NodeJS.Signals) => void): EndingSignals {
  const shutdown = new AbortController()
  const abort = new AbortController()
  let exitCode: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    if (!shutdown.signal.aborted) {
      onFirst(signal)
      shutdown.abort()
      return
    }
    exitCode = 128 + constants.signals[signal]
    abort.abort()
  }
  for (const signal of ENDING) process.on(signal, onSignal)
  early.stopListening()
  for (const signal of early.received) onSignal(signal)
  return {
    shutdown: shutdown.signal,
    abort: abort.signal,
    get exitCode() {
      return exitCode
    },
    stopListening: () => {
      for (const signal of ENDING) process.off(signal, onSignal)
    },
  }
}
