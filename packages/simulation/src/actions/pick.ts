/** Finding something to do: from a random place on, the first that fits. */

import type { Member } from '../world/member.js'
import type { PartitionLog } from '../world/partition-log.js'
import type { World } from '../world/world.js'

export function anyMember(world: World, fits: (member: Member, world: World) => boolean): boolean {
  const { members, choice } = world
  if (members.length === 0) return false
  const first = choice.below(members.length)
  for (let i = 0; i < members.length; i++) {
    const member = members[(first + i) % members.length]!
    if (member.runs && fits(member, world)) return true
  }
  return false
}

export function anyThread(world: World, fits: (member: Member, thread: number, world: World) => boolean): boolean {
  const { members, choice, shape } = world
  if (members.length === 0) return false
  let at = choice.below(members.length)
  let thread = choice.below(shape.threads)
  // Asked in half of all decisions: no divisions.
  for (let i = members.length; i > 0; i--) {
    const member = members[at]!
    if (++at === members.length) at = 0
    if (!member.runs) continue
    for (let j = shape.threads; j > 0; j--) {
      if (fits(member, thread, world)) return true
      if (++thread === shape.threads) thread = 0
    }
  }
  return false
}

export function anyLog(world: World, fits: (log: PartitionLog, world: World) => boolean): boolean {
  const { logs, choice } = world
  const first = choice.below(logs.length)
  for (let i = 0; i < logs.length; i++) {
    const log = logs[(first + i) % logs.length]!
    if (log.exists && fits(log, world)) return true
  }
  return false
}
