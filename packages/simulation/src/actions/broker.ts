/** What happens at the broker: records, commits, and what operators and retention do to logs. */
import { K } from '../journal.js'
import { Code } from '../world/group.js'
import type { Holding } from '../world/holding.js'
import type { Member } from '../world/member.js'
import type { PartitionLog } from '../world/partition-log.js'
import type { World } from '../world/world.js'
import { anyLog, anyMember } from './pick.js'

function produce(log: PartitionLog, world: World): boolean {
  if (world.records.count >= world.shape.records) return false
  world.produce(log.index, world.choice.int(1, 8))
  return true
}

/** The next commit on its way reaches the broker. Also of a process that is dead or frozen. */
function takeCommit(world: World): boolean {
  const member = waiting(world)
  if (member === undefined) return false
  const request = member.commits.requests.shift()!
  const { group, logs, journal, checker } = world
  const code = group.answer(request.member, request.generation)
  if (code === Code.ok) {
    for (const { partition, tenure, offset, finished } of request.offsets) {
      const log = logs[partition]!
      if (log.committed?.offset !== offset) world.progress++
      log.committed = { offset, finished }
      journal.note(K.applied, request.member, partition, offset, request.generation)
      checker.taken(tenure, offset, finished)
    }
  } else {
    journal.note(K.commitRefused, request.member, code)
  }
  member.commits.answers.push({ request, code })
  return true
}

/** A commit and its answer with nothing in between, as on a quiet connection. */
function commit(world: World): boolean {
  if (!takeCommit(world)) return false
  anyMember(world, (member) => {
    if (member.commits.answers.length === 0) return false
    world.met(member, 'commit')
    member.commits.answered()
    return true
  })
  return true
}

function loseCommit(world: World): boolean {
  const member = waiting(world)
  if (member === undefined) return false
  member.commits.requests.shift()
  world.journal.note(K.commitLost, member.id)
  return true
}

/** The commit took effect all the same. */
function loseAnswer(member: Member, { journal }: World): boolean {
  if (member.commits.answers.length === 0) return false
  member.commits.answers.shift()
  journal.note(K.answerLost, member.id)
  return true
}

function waiting({ members, choice }: World): Member | undefined {
  const sending = members.filter(({ commits }) => commits.requests.length > 0)
  return sending.length === 0 ? undefined : choice.pick(sending)
}

/** A member's position is set back. */
function seek(member: Member, world: World): boolean {
  const { choice } = world
  const read = member.holdings.filter(({ tenure, attached }) => tenure !== undefined && attached)
  if (read.length === 0) return false
  return seekIn(choice.pick(read), member, world)
}

function seekIn(holding: Holding, member: Member, { choice, logs, journal }: World): boolean {
  const { start } = logs[holding.partition]!
  if (holding.position <= start) return false
  member.reader.move(holding, choice.int(start, holding.position - 1))
  journal.note(K.seek, member.id, holding.partition, holding.position)
  return true
}

/**
 * A partition whose commit tells of records above it that are finished is reset before anybody reads of it: from then on
 * that says nothing.
 */
function resetUnread(log: PartitionLog, world: World): boolean {
  const { choice, members } = world
  const { committed, index } = log
  if (committed === undefined || committed.finished.length === 0 || log.end <= committed.offset) return false
  const holders = members.filter((member) => member.tenureOf(index) !== undefined)
  if (holders.some((member) => member.holdingOf(index)!.next !== undefined)) return false
  const [holder] = holders
  // Rather when somebody has been told to read it, which is not for long.
  if (holder === undefined && choice.percent(98)) return false
  if (holder?.runs === true && choice.percent(50)) return seekIn(holder.holdingOf(index)!, holder, world)
  const below = log.indexOf(committed.offset)
  if (below > 0 && choice.percent(50)) truncateAt(log, log.ids[choice.below(below)]!, world)
  else makeAnew(log, world)
  // Else it is read to its end first, and written to after that.
  const rest = choice.percent(60) ? committed.finished.at(-1)! : 0
  for (let wrote = true; wrote && log.end < rest; ) wrote = produce(log, world)
  return true
}

function truncate(log: PartitionLog, world: World): boolean {
  return log.ids.length > 0 && truncateAt(log, world.choice.pick(log.ids), world)
}

/** From this record on everything is gone. */
function truncateAt(log: PartitionLog, record: number, world: World): boolean {
  const { records, journal, checker, members, shape } = world
  const offset = records.offset[record]!
  log.truncate(offset)
  checker.reset(log.index, offset)
  if (shape.validates) {
    // Readers learn of it from the leader's epoch, and go back to where the logs part.
    for (const member of members) {
      const holding = member.holdingOf(log.index)
      if (holding !== undefined && holding.position > offset) member.reader.move(holding, offset)
    }
  }
  journal.note(K.truncated, -1, log.index, offset)
  return true
}

function recreate(log: PartitionLog, world: World): boolean {
  if (log.end === 0) return false
  makeAnew(log, world)
  if (world.choice.percent(70)) produce(log, world)
  return true
}

function makeAnew(log: PartitionLog, { journal, checker }: World): void {
  log.recreate()
  checker.reset(log.index, 0)
  journal.note(K.recreated, -1, log.index)
}

function retain(log: PartitionLog, world: World): boolean {
  const { choice, records, journal } = world
  if (log.ids.length === 0) return false
  const offset = choice.percent(20) ? log.end : records.offset[choice.pick(log.ids)]!
  log.retain(offset)
  journal.note(K.retained, -1, log.index, offset)
  return true
}

function compact(log: PartitionLog, world: World): boolean {
  if (log.ids.length === 0) return false
  world.journal.note(K.compacted, -1, log.index, log.compact(world.choice.below(log.ids.length)))
  return true
}

/** `kafka-consumer-groups --reset-offsets`, which works on a group without members. */
function setBack(log: PartitionLog, world: World): boolean {
  const { group, choice, checker, journal } = world
  if (group.entries.length > 0 || log.committed === undefined || log.committed.offset <= log.start) return false
  const offset = choice.int(log.start, log.committed.offset)
  log.committed = { offset, finished: [] }
  checker.reset(log.index, offset)
  journal.note(K.setBack, -1, log.index, offset)
  return true
}

export const brokerActions = {
  produce: (world: World) => anyLog(world, produce),
  takeCommit,
  commit,
  loseCommit,
  loseAnswer: (world: World) => anyMember(world, loseAnswer),
  seek: (world: World) => anyMember(world, seek),
  resetUnread: (world: World) => anyLog(world, resetUnread),
  truncate: (world: World) => anyLog(world, truncate),
  recreate: (world: World) => anyLog(world, recreate),
  retain: (world: World) => anyLog(world, retain),
  compact: (world: World) => anyLog(world, compact),
  setBack: (world: World) => anyLog(world, setBack),
}
