/** What is under way in a process when something happens to it. */
import { bitOf } from '../races.js'
import type { Delivery } from './delivery.js'
import type { Member } from './member.js'

/** Decisions for which a lost assignment counts as under way. */
const LOST_FOR = 30

/** @returns bits of conditions */
export function underWay({ drains, rebalances, commits, ending, lostAt, world, threads, holdings }: Member): number {
  const isOld = ({ slot, tenure }: Delivery) => holdings[slot]!.tenure !== tenure
  let bits = 0
  if (drains.any || rebalances.isRevoking) bits |= bitOf.revoke
  if (commits.isUnderWay) bits |= bitOf.commit
  if (ending.hasBegun) bits |= bitOf.shutdown
  if (world.decisions - lostAt < LOST_FOR) bits |= bitOf.lost
  if (world.group.phase !== 'stable') bits |= bitOf.rebalance
  for (const thread of threads) {
    if (thread.acks.posted.length > 0) bits |= bitOf.ack
    if (thread.state === 'exited' || thread.state === 'terminating') bits |= bitOf.exit
    if (thread.isStarting) bits |= bitOf.start
    if (thread.handlers.some(isOld)) bits |= bitOf['old work']
  }
  return bits
}
