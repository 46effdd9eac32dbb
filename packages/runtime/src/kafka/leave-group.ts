/**
 * Leaving a group before the consumer is closed.
 *
 * librdkafka 2.12 forgets to leave the group when it closes a cooperative member that owns nothing, and the others then
 * wait for it until its session times out. Unsubscribing first makes it leave; but while the group forms librdkafka only
 * notes that, and a close overtakes it. So it is said again until the join is over, whose answers are still given (native
 * reader only: without the addon nobody tells whether it is).
 */
import { setTimeout } from 'node:timers/promises'
import type { KafkaConsumer } from 'node-rdkafka'

const LOOK_MS = 20
/** Of the broker's answer to a first request to join. */
const NAMED_TIMEOUT_MS = 500

export interface Leaving {
  kafka: Pick<KafkaConsumer, 'isConnected' | 'unsubscribe'>
  isClassic: boolean
  isSubscribed: boolean
  /** What the group calls this member, '' when it is none; undefined where nobody can tell. */
  memberId(): string | undefined
}

/** Resolves when the member has left, and after `timeoutMs` at the latest. */
export async function leaveGroup(
  { kafka, isClassic, isSubscribed, memberId }: Leaving,
  timeoutMs: number,
): Promise<void> {
  const began = performance.now()
  const until = async (ms: number, done: () => boolean) => {
    while (!done() && kafka.isConnected() && performance.now() - began < Math.min(ms, timeoutMs)) {
      await setTimeout(LOOK_MS)
    }
  }
  const isMember = () => isClassic && kafka.isConnected() && Boolean(memberId())
  // The group counts on a member from its first request on, and only the answer to that says under which name to leave.
  if (isClassic && isSubscribed && memberId() === '') await until(NAMED_TIMEOUT_MS, isMember)
  await until(Number.POSITIVE_INFINITY, () => {
    kafka.unsubscribe()
    return !isMember()
  })
}
