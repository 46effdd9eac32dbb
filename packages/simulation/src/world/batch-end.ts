/**
 * What becomes of the records of a batch whose handler has ended, in order. As threads/batch-end.ts of the runtime does it: the
 * first of a key that is tried again takes those behind it along, and where the handler throws each is tried alone.
 */
import type { Random } from '../random.js'
import type { Delivery } from './delivery.js'
import type { Run } from './handlers.js'
import type { RecordEnds } from './record-ends.js'
import type { ThreadQueue } from './thread-queue.js'

/** Of a hundred failures of a batch so many are thrown, and of those so many say that another attempt is not worth it. */
const [THROWN, NOT_RETRYABLE] = [40, 10]
/** Of a hundred records of a batch that fails, and does not throw, so many are named. */
const NAMED = 50

/** @param fails the handler is not content */
export function endBatch(run: Run, fails: boolean, queue: ThreadQueue, ends: RecordEnds, choice: Random): void {
  const isTold = run.some(({ aborted }) => aborted)
  const isLate = run.some(({ timedOut }) => timedOut)
  const givesUp = (isTold && choice.percent(50)) || (isLate && choice.percent(70))
  const throws = givesUp || (fails && choice.percent(THROWN))
  const named = new Set(fails ? run.filter(() => choice.percent(NAMED)) : [])
  const isTriedAlone = throws && run.length > 1 && (isTold || !choice.percent(NOT_RETRYABLE))
  if (throws) ends.threw(run)
  // Told to give up for some of its records, it has for all: that says nothing of the others.
  if (isTriedAlone && !isTold) for (const delivery of run) delivery.alone ||= !named.has(delivery)
  const putBack = new Set<Delivery>()
  for (const [i, delivery] of run.entries()) {
    if (putBack.has(delivery)) continue
    const holdBack = () => {
      const behind = run.slice(i + 1).filter((later) => queue.isOfKey(delivery, later) && !putBack.has(later))
      for (const later of behind) putBack.add(later)
      ends.putBehind(behind)
    }
    const isNamed = named.has(delivery)
    if (!isNamed && !throws) {
      ends.end(delivery, 'done', 0, choice)
    } else if (delivery.aborted) {
      holdBack()
      ends.giveUp(delivery, choice)
    } else if (!isNamed && isTriedAlone) {
      holdBack()
      ends.postpone(delivery, choice)
    } else {
      ends.fail(delivery, choice, holdBack)
    }
  }
}
