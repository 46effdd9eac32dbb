/** What the main threads of processes do, and what happens to whole processes. */
import { K } from '../journal.js'
import type { Member } from '../world/member.js'
import type { World } from '../world/world.js'
import { anyMember } from './pick.js'

function fetch(member: Member, { choice }: World): boolean {
  return member.reader.fetch(choice)
}

function handOver(member: Member): boolean {
  if (!member.reader.hasRead) return false
  member.handOver()
  return true
}

function read(member: Member, { choice }: World): boolean {
  const fetched = member.reader.fetch(choice)
  return handOver(member) || fetched
}

/** Time goes on for everybody; one process notices. */
function tick(member: Member, world: World): boolean {
  world.now += world.choice.int(20, 250)
  world.journal.note(K.tick, member.id, world.now)
  member.tick()
  member.commits.tick(world.now)
  member.want()
  return true
}

function letter({ deadLetters }: Member, { choice }: World): boolean {
  return deadLetters.advance(choice)
}

function answer(member: Member, world: World): boolean {
  if (member.commits.answers.length === 0) return false
  world.met(member, 'commit')
  member.commits.answered()
  return true
}

function spawn(world: World): boolean {
  if (world.members.length >= world.shape.members) return false
  world.spawn()
  const member = world.members.at(-1)!
  // Most of the time what happens to a starting thread is of no interest.
  if (world.choice.percent(75)) for (let thread = 0; thread < member.threads.length; thread++) member.crew.boot(thread)
  return true
}

function shutdown(member: Member, world: World): boolean {
  if (member.ending.hasBegun) return false
  world.journal.note(K.shutdown, member.id)
  member.ending.end('drain')
  return true
}

function abort(member: Member, world: World): boolean {
  if (member.ending.isClosing) return false
  world.journal.note(K.aborted, member.id)
  member.ending.end('abort')
  return true
}

function crash(member: Member, world: World): boolean {
  world.crash(member)
  return true
}

function freeze(member: Member, { journal }: World): boolean {
  member.isFrozen = true
  journal.note(K.frozen, member.id)
  return true
}

function thaw({ members, choice, journal }: World): boolean {
  const frozen = members.filter(({ isFrozen, isDead }) => isFrozen && !isDead)
  if (frozen.length === 0) return false
  const member = choice.pick(frozen)
  member.isFrozen = false
  journal.note(K.thawed, member.id)
  return true
}

export const processActions = {
  fetch: (world: World) => anyMember(world, fetch),
  handOver: (world: World) => anyMember(world, handOver),
  read: (world: World) => anyMember(world, read),
  tick: (world: World) => anyMember(world, tick),
  letter: (world: World) => anyMember(world, letter),
  refuseLetter: (world: World) => anyMember(world, ({ deadLetters }, { choice }) => deadLetters.refuse(choice)),
  loseLetter: (world: World) => anyMember(world, ({ deadLetters }, { choice }) => deadLetters.lose(choice)),
  answer: (world: World) => anyMember(world, answer),
  spawn,
  /** Once the faults are over somebody has to be there. */
  revive: (world: World) => world.members.every(({ ending }) => ending.hasBegun) && spawn(world),
  thaw,
  shutdown: (world: World) => anyMember(world, shutdown),
  abort: (world: World) => anyMember(world, abort),
  crash: (world: World) => anyMember(world, crash),
  freeze: (world: World) => anyMember(world, freeze),
}
