/**
 * What a chain of hooks answers though one of them failed or is not done: it stands beside the error that the chain throws, or
 * the promise that it returns.
 */
const answers = new WeakMap<object, unknown>()

export function keepBeside<T extends object>(failure: T, answer: unknown): T {
  if (answer !== undefined) answers.set(failure, answer)
  return failure
}

/** @param failure anything that was thrown, or a promise */
export function answerBeside(failure: unknown): unknown {
  return typeof failure === 'object' && failure !== null ? answers.get(failure) : undefined
}
