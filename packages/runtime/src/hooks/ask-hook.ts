/**
 * Calls hooks. Neither function throws, nor leaves a rejection behind: what goes wrong is told to `failed`, and the answer is
 * whatever there is all the same. A promise is not waited for.
 */
import { answerBeside } from './answer-beside.js'

/**
 * Calls a hook whose answer is wanted at once.
 *
 * @param check takes the answer over, or throws what is wrong with it
 * @returns undefined where there is no answer
 */
export function askHook<T>(
  run: () => unknown,
  check: (answer: NonNullable<unknown>) => T,
  failed: (error: unknown) => void,
): T | undefined {
  try {
    const answer = answerOf(run, failed)
    return answer === undefined || answer === null ? undefined : check(answer)
  } catch (error) {
    failed(error)
    return undefined
  }
}

function answerOf(run: () => unknown, failed: (error: unknown) => void): unknown {
  let answer: unknown
  try {
    answer = run()
  } catch (error) {
    failed(error)
    return answerBeside(error)
  }
  if (typeof (answer as PromiseLike<unknown> | undefined | null)?.then !== 'function') return answer
  Promise.resolve(answer).then((late) => {
    if (late !== undefined)
      failed(new TypeError('it resolved with an answer, which was needed at once: the record had gone on'))
  }, failed)
  return answerBeside(answer)
}

/** The same for a hook whose answer nobody wants. */
export function tellHook(run: () => unknown, failed: (error: unknown) => void): void {
  try {
    const answer = run()
    if (typeof (answer as PromiseLike<unknown> | undefined | null)?.then === 'function')
      Promise.resolve(answer).catch(failed)
  } catch (error) {
    failed(error)
  }
}

/** @throws TypeError for what is no object of values */
export function checkValues(answer: unknown): Record<string, unknown> {
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as Record<string, unknown>
  throw new TypeError(`it returned ${Array.isArray(answer) ? 'an array' : typeof answer}; expected an object of values`)
}
