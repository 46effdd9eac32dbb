/** What is under way in a process when something happens to it. */
import { bitOf } from '../races.js'
import type { Delivery } from './delivery.js'
import type { Member } from './member.js'

/** Decisions for which a lost assignment counts as under way. */
const LOST_FOR = 30

/** @returns bits of conditions */
export function underWay(member: Member): number {
  const { drains, rebalances, commits, ending, lostAt, world, threads, holdings } = member
  const isOld = ({ slot, tenure }: Delivery) => holdings[slot]!.tenure !== tenure
  let bits = 0
  if (drains.any || rebalances.isRevoking) bits |= bitOf.revoke
  if (commits.isUnderWay) bits |= bitOf.commit
  if (ending.hasBegun) bits |= bitOf.shutdown
  if (world.decisions - lostAt < LOST_FOR) bits |= bitOf.lost
  if (world.group.phase !== 'stable') bits |= bitOf.rebalance
  bits |= failuresUnderWay(member)
  for (const thread of threads) {
    if (thread.acks.posted.length > 0) bits |= bitOf.ack
    if (thread.state === 'exited' || thread.state === 'terminating') bits |= bitOf.exit
    if (thread.isStarting) bits |= bitOf.start
    if (thread.queue.hasParked) bits |= bitOf.parked
    if (thread.handlers.some(isOld)) bits |= bitOf['old work']
  }
  return bits
}

function failuresUnderWay({ id, deadLetters, engine, world, holdings }: Member): number {
  const { circuit, delayMs } = world.shape
  let bits = 0
  if (!deadLetters.isEmpty) bits |= bitOf.letter
  if (circuit !== undefined && world.checker.circuitsOf(id).isAnyOpen) bits |= bitOf.circuit
  if (delayMs > 0 && holdings.some(({ slot }) => engine.dueAt(slot) !== undefined)) bits |= bitOf.delay
  return bits
}
