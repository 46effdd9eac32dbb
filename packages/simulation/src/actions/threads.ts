/** What threads do by themselves, what happens to them, and what main hears of them. */
import { K } from '../journal.js'
import type { Member } from '../world/member.js'
import type { World } from '../world/world.js'
import { anyThread } from './pick.js'

/** Records that one decision may carry through a thread. */
const RUN = 5
/** A thread that dies while starting is tried so often, then the work stops. */
const START_ATTEMPTS = 3

function receive(member: Member, thread: number, { journal }: World): boolean {
  const place = member.threads[thread]!
  if (!place.canReceive) return false
  journal.note(K.received, member.id, thread, place.receive())
  return true
}

function flush(member: Member, thread: number, { journal }: World): boolean {
  const place = member.threads[thread]!
  if (!place.canFlush) return false
  journal.note(K.posted, member.id, thread, place.flush())
  return true
}

function publish(member: Member, thread: number): boolean {
  return member.threads[thread]!.publish()
}

function start(member: Member, thread: number, { choice }: World): boolean {
  return member.threads[thread]!.start(choice)
}

/** What a thread has gathered is given to the handler. */
function begin(member: Member, thread: number, { choice }: World): boolean {
  return member.threads[thread]!.begin(choice)
}

function finish(member: Member, thread: number, world: World): boolean {
  const { choice, shape, isForgiving } = world
  const fails = shape.failing > 0 && !isForgiving && choice.percent(shape.failing)
  return member.threads[thread]!.finish(fails, choice)
}

function fail(member: Member, thread: number, { choice }: World): boolean {
  return member.threads[thread]!.finish(true, choice)
}

function wake(member: Member, thread: number, { journal }: World): boolean {
  if (!member.threads[thread]!.wake()) return false
  journal.note(K.woken, member.id, thread)
  return true
}

function due(member: Member, thread: number, { journal, choice }: World): boolean {
  if (!member.threads[thread]!.due(choice)) return false
  journal.note(K.due, member.id, thread)
  return true
}

/** A handler says whose end it is: `process.exit` in it, or a throw behind it. */
function killKnown(member: Member, thread: number, world: World): boolean {
  const place = member.threads[thread]!
  if (!place.canFinish) return false
  place.guilty = [...place.handlers.pick(world.choice)]
  return kill(member, thread, world)
}

/** Some records in one go, as a thread does it that nothing disturbs. */
function run(member: Member, thread: number, world: World): boolean {
  const { choice } = world
  const place = member.threads[thread]!
  let did = wake(member, thread, world) || due(member, thread, world)
  did = receive(member, thread, world) || did
  for (let i = choice.int(1, RUN); i > 0; i--) {
    const step = finish(member, thread, world) || place.start(choice) || (place.publish() && place.start(choice))
    if (!step && !place.begin(choice)) break
    did = true
  }
  return did
}

/** Everything that a thread has to do, and its acks. */
function work(member: Member, thread: number, world: World): boolean {
  let did = run(member, thread, world)
  while (finish(member, thread, world)) did = true
  return flush(member, thread, world) || did
}

function kill(member: Member, thread: number, world: World): boolean {
  const place = member.threads[thread]!
  if (!place.isAlive) return false
  world.met(member, 'exit')
  world.journal.note(K.died, member.id, thread)
  place.exit()
  return true
}

/** Of two, the one that is in the middle of something: a death that hits nothing shows nothing. */
function killBusy(member: Member, thread: number, world: World): boolean {
  const place = member.threads[thread]!
  if (!place.isStarting && !place.canFinish && !place.canFlush && place.acks.posted.length === 0) return false
  return kill(member, thread, world)
}

function stick(member: Member, thread: number, { journal, choice }: World): boolean {
  const place = member.threads[thread]!
  if (!place.canFinish) return false
  place.handlers.pick(choice)[0]!.stuck = true
  journal.note(K.stuck, member.id, thread)
  return true
}

function unstick(member: Member, thread: number): boolean {
  const place = member.threads[thread]!
  if (!place.handlers.some(({ stuck }) => stuck)) return false
  place.handlers.free()
  return true
}

function exit(member: Member, thread: number, world: World): boolean {
  const place = member.threads[thread]!
  if (place.state !== 'terminating') return false
  world.met(member, 'exit')
  world.journal.note(K.exited, member.id, thread)
  place.exit()
  return true
}

function startFails(member: Member, thread: number, world: World): boolean {
  const place = member.threads[thread]!
  if (place.state !== 'down' || !member.isReady || member.ending.isClosing) return false
  world.journal.note(K.startFailed, member.id, thread)
  place.failedStarts++
  if (place.failedStarts > START_ATTEMPTS) world.later(() => member.ending.end('fail'))
  return true
}

function replayAcks(member: Member, thread: number, { journal, checker }: World): boolean {
  const { last } = member.threads[thread]!.acks
  if (last === undefined) return false
  journal.note(K.replayed, member.id, thread, last.length / 4)
  checker.stops.heardOf(member.id, thread)
  member.engine.acks(thread, last, last.length / 4)
  return true
}

export const threadActions = {
  receive: (world: World) => anyThread(world, receive),
  publish: (world: World) => anyThread(world, publish),
  start: (world: World) => anyThread(world, start),
  begin: (world: World) => anyThread(world, begin),
  finish: (world: World) => anyThread(world, finish),
  fail: (world: World) => anyThread(world, fail),
  flush: (world: World) => anyThread(world, flush),
  wake: (world: World) => anyThread(world, wake),
  due: (world: World) => anyThread(world, due),
  overdue: (world: World) => anyThread(world, ({ crew }, thread) => crew.overdue(thread)),
  killKnown: (world: World) => anyThread(world, killKnown),
  run: (world: World) => anyThread(world, run),
  work: (world: World) => anyThread(world, work),
  acks: (world: World) => anyThread(world, ({ crew }, thread) => crew.takeAcks(thread)),
  bury: (world: World) => anyThread(world, ({ crew }, thread) => crew.bury(thread)),
  boot: (world: World) => anyThread(world, ({ crew }, thread) => crew.boot(thread)),
  exit: (world: World) => anyThread(world, exit),
  terminate: (world: World) => anyThread(world, ({ crew }, thread) => crew.terminate(thread)),
  unstick: (world: World) => anyThread(world, unstick),
  kill: (world: World) => anyThread(world, kill),
  killBusy: (world: World) => anyThread(world, killBusy),
  stick: (world: World) => anyThread(world, stick),
  retire: (world: World) => anyThread(world, ({ crew }, thread) => crew.retire(thread)),
  startFails: (world: World) => anyThread(world, startFails),
  replayAcks: (world: World) => anyThread(world, replayAcks),
}
