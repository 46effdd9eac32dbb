/** The group protocol: what members hear from the coordinator, and what makes it stir. */
import { K } from '../journal.js'
import type { Member } from '../world/member.js'
import type { World } from '../world/world.js'
import { anyMember } from './pick.js'

/** A member talks to the coordinator and does the next thing that the protocol wants of it. */
function heartbeat(member: Member, world: World): boolean {
  const { group, journal } = world
  if (!member.isReady || member.ending.isClosing) return false
  const entry = group.entryOf(member.id)
  if (entry === undefined) return outside(member, world)
  if (group.phase === 'preparing') return !entry.joined && join(member, world)
  if (entry.generation !== group.generation) {
    entry.generation = group.generation
    member.generation = group.generation
    journal.note(K.answered, member.id, group.generation)
    return true
  }
  if (group.phase === 'stable' && !entry.synced) {
    entry.synced = true
    take(member, world)
    return true
  }
  if (group.phase === 'stable' && member.mustRejoin && member.rebalances.isIdle) {
    group.trigger()
    return join(member, world)
  }
  return false
}

function outside(member: Member, world: World): boolean {
  const { group, journal } = world
  if (member.isMember) {
    member.isMember = false
    member.isLost = true
    member.mustRejoin = false
    member.rebalances.add({ type: 'revoke' })
    return true
  }
  if (member.ending.hasBegun || !member.rebalances.isIdle || member.owned().length > 0) return false
  member.isLost = false
  member.isMember = true
  group.join(member.id, [])
  journal.note(K.joined, member.id, group.generation)
  return true
}

function join(member: Member, { group, journal, shape }: World): boolean {
  if (!member.rebalances.isIdle) return false
  const owned = member.owned()
  if (shape.protocol === 'eager' && owned.length > 0) {
    member.rebalances.add({ type: 'revoke', partitions: owned })
    return true
  }
  member.mustRejoin = false
  group.join(member.id, owned)
  journal.note(K.joined, member.id, group.generation)
  return true
}

/** The assignment of a generation has arrived. */
function take(member: Member, { group, journal }: World): void {
  const owned = member.owned()
  const mine: number[] = []
  for (let p = 0; p < group.owner.length; p++) if (group.owner[p] === member.id) mine.push(p)
  const revoked = owned.filter((p) => !mine.includes(p))
  const added = mine.filter((p) => !owned.includes(p))
  journal.note(K.synced, member.id, group.generation, mine.length)
  if (revoked.length > 0) {
    member.mustRejoin = true
    member.rebalances.add({ type: 'revoke', partitions: revoked })
  }
  // Answered even when it is empty.
  member.rebalances.add({ type: 'assign', partitions: added })
}

function form({ group, logs, choice, journal }: World): boolean {
  if (!group.isComplete) return false
  group.form(logs, choice)
  journal.note(K.formed, -1, group.generation, group.entries.length)
  return true
}

/** The leader has sent the assignment. */
function settle({ group, journal }: World): boolean {
  if (group.phase !== 'completing') return false
  group.phase = 'stable'
  journal.note(K.settled, -1, group.generation)
  return true
}

/** Sessions of processes that were killed, or are frozen, time out. */
function expire(world: World): boolean {
  const silent = world.members.filter(({ runs }) => !runs)
  return silent.length > 0 && world.fence(world.choice.pick(silent))
}

/** A session times out although the process lives. */
function fence(member: Member, world: World): boolean {
  return world.fence(member)
}

/** A member that does not join in time is given up. */
function evict(world: World): boolean {
  const { group, members } = world
  if (group.phase !== 'preparing') return false
  const late = group.entries.find(({ joined }) => !joined)
  const member = members.find(({ id }) => id === late?.member)
  return member !== undefined && world.fence(member)
}

function stir({ group, journal }: World): boolean {
  if (group.entries.length === 0 || group.phase !== 'stable') return false
  group.trigger()
  journal.note(K.stirred, -1)
  return true
}

/** The topic gets one more partition. */
function grow({ logs, group, journal }: World): boolean {
  const log = logs.find(({ exists }) => !exists)
  if (log === undefined) return false
  log.exists = true
  if (group.entries.length > 0) group.trigger()
  journal.note(K.grown, -1, log.index)
  return true
}

export const groupActions = {
  heartbeat: (world: World) => anyMember(world, heartbeat),
  form,
  settle,
  expire,
  fence: (world: World) => anyMember(world, fence),
  evict,
  stir,
  grow,
}
