/** How a thread ended, and of what. */
import { errors } from '../errors.js'
import type { FailureCause } from '../failure-cause.js'
import type { Board } from './board.js'

/**
 * `timeout`: a handler ignored its deadline. `out-of-memory`: it passed `maxHeapMb` or `maxExternalMb`. `exit`:
 * process.exit, or nobody knows. `crash`: an error outside of a handler.
 */
export type DeathCause = Extract<FailureCause, 'timeout' | 'out-of-memory' | 'exit' | 'crash'>

export interface ThreadEnd {
  /** It was retired to be replaced: no death. The rest says nothing then. */
  planned: boolean
  cause: DeathCause
  /** What is known of it: ZK_HANDLER_TIMEOUT or ZK_THREAD_DIED. Undefined for a planned end. */
  error: Error | undefined
  /** Tickets of the deliveries that brought it down; undefined when nobody can tell. */
  guilty: readonly number[] | undefined
}

/** piscina's own words when no error came before the exit. */
const EXITED = /^worker exited with code/

/** Of a thread that ended by itself. @param thrown what nobody caught there, if anything */
export function deathOf(
  thread: number,
  board: Pick<Board, 'current' | 'hasBatches'>,
  thrown: Error | undefined,
): ThreadEnd {
  if (thrown === undefined || EXITED.test(thrown.message)) {
    const error = errors.ZK_THREAD_DIED(thread, 'exit', 'it exited without an error, as by process.exit')
    // Whoever calls process.exit in a handler is on the stack. Behind an await, or in a timer, nobody is.
    const isKnown = board.current >= 0 && !board.hasBatches
    return { planned: false, cause: 'exit', error, guilty: isKnown ? [board.current] : undefined }
  }
  const isFull = (thrown as { code?: unknown }).code === 'ERR_WORKER_OUT_OF_MEMORY'
  const cause = isFull ? 'out-of-memory' : 'crash'
  const why = isFull ? 'it filled its heap (maxHeapMb)' : `an error outside of a handler: ${thrown.message}`
  const error = errors.ZK_THREAD_DIED(thread, cause, why, { cause: thrown })
  // What is on the stack when the heap is full need not be what filled it.
  return { planned: false, cause, error, guilty: undefined }
}

/**
 * Of a thread that is ended for what it runs. A handler that takes several records may have been led astray by any of them, so
 * nobody is known: the engine has each tried alone, and alone it is known.
 */
export function endOf(board: Pick<Board, 'hasBatches'>, end: ThreadEnd): ThreadEnd {
  return board.hasBatches && end.guilty !== undefined && end.guilty.length > 0 ? { ...end, guilty: undefined } : end
}
