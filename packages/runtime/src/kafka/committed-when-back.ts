/**
 * A commit of a client that was cut off.
 *
 * librdkafka keeps a commit for which there is no coordinator, and cannot be told to forget it: its close would then wait for a
 * coordinator as long as a session lasts, on a thread that the process waits for. So a question goes first, which it does not
 * keep.
 */
import type { LibrdKafkaError } from 'node-rdkafka'
import { errors } from '../errors.js'
import type { Committed, Committer, Finished } from './committer.js'
import { CUT_OFF_MS, type CutOff } from './cut-off.js'
import { UNREACHABLE } from './error-codes.js'

/**
 * @returns what the broker has taken
 * @throws ZkError ZK_COMMIT_FAILED, also when no broker came back in time; then nothing was sent
 */
export async function committedWhenBack(
  committer: Pick<Committer, 'commit' | 'committed'>,
  cutOff: Pick<CutOff, 'isCutOff'>,
  points: readonly Finished[],
  timeoutMs: number,
): Promise<readonly Committed[]> {
  const [first] = points
  if (!cutOff.isCutOff || first === undefined) return committer.commit(points, timeoutMs)
  const until = performance.now() + timeoutMs
  try {
    await committer.committed([first], Math.min(timeoutMs, CUT_OFF_MS))
  } catch (error) {
    const { code, message } = error as LibrdKafkaError
    // Any other error is the answer of a broker that is there.
    if (UNREACHABLE.has(code)) throw errors.ZK_COMMIT_FAILED(`all brokers are gone (${message})`, { cause: error })
  }
  return committer.commit(points, Math.max(1, until - performance.now()))
}
