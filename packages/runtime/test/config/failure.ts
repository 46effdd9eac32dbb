import { ZkError } from '../../src/zk-error.js'

/** What a call throws: it must be an error of ours. */
export function failure(run: () => unknown): ZkError {
  try {
    run()
  } catch (error) {
    if (ZkError.is(error)) return error
    throw error
  }
  throw new Error('expected it to throw')
}
