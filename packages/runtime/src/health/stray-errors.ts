/**
 * Errors of the user's functions on the main thread that come later: of a timer that a callback has started, or a promise that
 * it did not return. `MainThread.call` does not see them, and Node ends the process for them.
 *
 * Only `zk run` may change that, because its process is its own: a program that uses the library decides by itself what
 * becomes of errors that nobody caught, and we install no handlers there. What was started within a callback is known by its
 * async context (Node's AsyncLocalStorage), which follows timers and promises (Node 20 loses it where `queueMicrotask` throws).
 * While nobody watches none is made, and nothing is paid. Marking costs 0.1 µs a call, and with Node 20 from the first one on
 * each `await` of the main thread 0.4 µs more: our own calls are not marked. An error from anywhere else is a fault of ours, or
 * of a dependency, and stays fatal.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { inspect } from 'node:util'

/** Hears of an error that came later. */
type Stray = (error: unknown) => void

let origins: AsyncLocalStorage<Stray> | undefined

/** Runs a function of the user's; `stray` hears what comes later of what it starts, where somebody watches. */
export function runMarked<T>(run: () => T, stray: Stray): T {
  return origins === undefined ? run() : origins.run(stray, run)
}

/**
 * From now on an error that comes later out of a function that ran marked ends nothing. Any other ends the process as it would
 * without us: its stack on stderr, exit code 1.
 *
 * @returns takes the watch back
 */
export function watchStrayErrors(): () => void {
  const marks = new AsyncLocalStorage<Stray>()
  origins = marks
  // Rejections come here as well, as long as nobody listens to those.
  const onUncaught = (error: unknown) => {
    const stray = marks.getStore()
    if (stray !== undefined) {
      stray(error)
      return
    }
    process.stderr.write(`${inspect(error)}\n`)
    process.exit(1)
  }
  process.on('uncaughtException', onUncaught)
  return () => {
    process.off('uncaughtException', onUncaught)
    if (origins === marks) origins = undefined
  }
}
