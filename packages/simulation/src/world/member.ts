/**
 * One process: the real engine, its threads, and the shell around them as `packages/runtime/src/work` has it. What is
 * asynchronous there is a later decision of the scheduler here, or follows the call at once where it is a promise.
 */
import { WorkEngine } from '@zk/engine'
import type { End } from '../checker/tenure.js'
import { Violation } from '../checker/violation.js'
import { K } from '../journal.js'
import { SimBatch } from './batch.js'
import { Commits } from './commits.js'
import { Crew } from './crew.js'
import { DeadLetters } from './dead-letters.js'
import type { Delivery } from './delivery.js'
import { Drains } from './drains.js'
import { Ending } from './ending.js'
import type { Holding } from './holding.js'
import { optionsOf } from './options.js'
import { Reader } from './reader.js'
import { Rebalances } from './rebalances.js'
import { ShellEffects } from './shell-effects.js'
import type { SimThread } from './thread.js'
import type { World } from './world.js'

export class Member {
  readonly id: number
  readonly world: World
  readonly engine: WorkEngine<SimBatch>
  readonly crew: Crew
  readonly threads: readonly SimThread[]
  readonly deadLetters: DeadLetters
  readonly reader: Reader
  readonly commits: Commits
  readonly rebalances: Rebalances
  readonly ending: Ending
  readonly drains: Drains
  /** By slot: every partition that was ever ours. */
  readonly holdings: Holding[] = []
  /** Records of which its engine has said that their offsets have completed. */
  completions = 0
  /** Of the last join that was answered. */
  generation = -1
  /** It takes itself for a member of the group. */
  isMember = false
  /** It was a member, and has heard that it is one no more. */
  isLost = false
  lostAt = Number.NEGATIVE_INFINITY
  /** Cooperative: it has given something back and has to join again. */
  mustRejoin = false
  /** All threads have been up, and it may join. */
  isReady = false
  isFrozen = false
  /** It was killed: nothing of it runs, and the group does not know yet. */
  isDead = false
  readonly #byPartition: (Holding | undefined)[] = []
  #requested = false
  /** What is being handed over: records, and the tenures in which they are read. */
  #handing: { ids: readonly number[]; tenures: readonly number[] } = { ids: [], tenures: [] }
  /** Tenures that ended within the batch that is being handed over. */
  #restarted: number[] = []

  constructor(id: number, world: World) {
    this.id = id
    this.world = world
    const { shape } = world
    const effects = new ShellEffects(this)
    this.engine = new WorkEngine(optionsOf(shape), effects)
    this.crew = new Crew(this, effects)
    this.threads = this.crew.threads
    this.deadLetters = new DeadLetters(this)
    this.reader = new Reader(this)
    this.commits = new Commits(this)
    this.rebalances = new Rebalances(this)
    this.ending = new Ending(this)
    this.drains = new Drains(this)
  }

  /** Its code runs now. */
  get runs(): boolean {
    return !this.isFrozen && !this.isDead
  }

  // ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Asks for the next read when none is under way and there is room.
   *
   * @param unopened what was read and the engine is about to be given
   */
  want(unopened?: SimBatch): void {
    if (this.#requested || this.ending.hasBegun) return
    const { records, bytes } = this.engine.demand(unopened)
    if (records === 0) return
    this.#requested = true
    this.reader.request(records, bytes)
  }

  /** What was read and not handed over yet goes to the engine now. */
  handOver(): void {
    const read = this.reader.take()
    if (read === undefined) return
    if (read.ids.length > 0) {
      this.#requested = false
      this.#hand(read.ids)
    }
    for (const { holding, offset } of read.ends) {
      this.engine.reachedEnd(holding.slot, offset)
      if (holding.tenure === undefined) continue
      if (!(holding.next! > offset)) holding.next = offset
      this.world.checker.metEnd(holding.tenure, offset)
    }
    this.want()
  }

  #hand(ids: number[]): void {
    const { records, checker, journal, wall } = this.world
    journal.note(K.handed, this.id, ids.length)
    const slots: number[] = []
    const tenures: number[] = []
    for (const id of ids) {
      const holding = this.#byPartition[records.partition[id]!]!
      const offset = records.offset[id]!
      slots.push(holding.slot)
      if (holding.tenure === undefined) {
        tenures.push(-1)
        continue
      }
      if (holding.next !== undefined && offset < holding.next) this.#beginsAgain(holding, offset)
      holding.next = offset + 1
      if (tenures.at(-1) !== holding.tenure) checker.readsOn(holding.tenure)
      tenures.push(holding.tenure)
    }
    this.#handing = { ids, tenures }
    const batch = new SimBatch(records, ids, slots, tenures)
    this.want(batch)
    this.engine.records(batch, wall)
    // What came after a restart was not opened: it is read again.
    const isOpen = (i: number) => tenures[i]! >= 0 && !this.#restarted.includes(tenures[i]!)
    for (let i = 0; i < ids.length; i++) if (isOpen(i)) checker.opened(tenures[i]!, ids[i]!, wall)
    this.#restarted = []
  }

  /** At how many deaths of a process a record ran, which is just being handed over. */
  processDeaths(slot: number, offset: number): number {
    const { records, checker, journal, isForgiving } = this.world
    if (isForgiving) return 0
    const { partition } = this.holdings[slot]!
    const { ids, tenures } = this.#handing
    const at = ids.findLastIndex((id) => records.partition[id] === partition && records.offset[id] === offset)
    const deaths = records.processDeaths[ids[at]!]!
    if (deaths > 0) journal.note(K.condemned, this.id, partition, offset, deaths)
    if (deaths > 0) checker.marked(tenures[at]!, ids[at]!, deaths)
    return deaths
  }

  /** The same offsets come again: what was read of them is void. */
  #beginsAgain(holding: Holding, offset: number): void {
    this.world.met(this, 'rewind')
    holding.tenure = this.world.checker.beganAgain(holding.tenure!, offset)
    this.world.journal.note(K.rewound, this.id, holding.partition, offset, holding.tenure)
  }

  // ── assignment ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Partitions that the consumer has been told to read, and not yet to stop. */
  owned(): number[] {
    const owned: number[] = []
    for (const { partition, owned: isOwned } of this.holdings) if (isOwned) owned.push(partition)
    return owned
  }

  /** Partitions that are ours as far as the engine goes, and their slots. */
  partitions(): number[] {
    return this.holdings.filter(({ tenure }) => tenure !== undefined).map(({ partition }) => partition)
  }

  slots(): number[] {
    return this.holdings.filter(({ tenure }) => tenure !== undefined).map(({ slot }) => slot)
  }

  slotsOf(partitions: readonly number[]): number[] {
    return this.slots().filter((slot) => partitions.includes(this.holdings[slot]!.partition))
  }

  tenureOf(partition: number): number | undefined {
    return this.#byPartition[partition]?.tenure
  }

  holdingOf(partition: number): Holding | undefined {
    return this.#byPartition[partition]
  }

  /** @param again where reading of it goes on, when only its epoch has ended */
  assign(partition: number, again?: number): void {
    const { world, engine } = this
    world.met(this, 'assign')
    const log = world.logs[partition]!
    const from = again ?? log.committed?.offset ?? log.start
    const finished = again === undefined ? (log.committed?.finished ?? []) : []
    const isMember = world.group.entryOf(this.id) !== undefined
    const tenure = world.checker.began(this.id, partition, from, finished, isMember)
    const name = { ...log.name, committed: again === undefined ? log.committed?.offset : undefined, finished }
    const [slot] = engine.assigned([name]) as [number]
    const known = this.holdings[slot]
    const holding = known ?? { partition, slot, tenure, ...UNREAD }
    if (known === undefined) {
      this.holdings[slot] = holding
      this.#byPartition[partition] = holding
    }
    holding.tenure = tenure
    holding.position = from
    holding.next = undefined
    holding.attached = true
    // The reader begins anew with an assignment, and knows nothing of an epoch that ended in between.
    if (again === undefined) holding.paused = false
    holding.toldEnd = -1
    holding.owned = true
    world.journal.note(K.assigned, this.id, partition, from, tenure)
  }

  detach(partitions: readonly number[]): void {
    for (const partition of partitions) this.#byPartition[partition]!.attached = false
  }

  disown(partitions: readonly number[]): void {
    for (const partition of partitions) this.#byPartition[partition]!.owned = false
  }

  endTenure(slot: number, how: End): void {
    const holding = this.holdings[slot]!
    if (holding.tenure === undefined) return
    this.world.journal.note(K.revoked, this.id, holding.partition, how === 'inOrder' ? 1 : 0)
    this.world.checker.over(holding.tenure, how)
    this.commits.forget(holding.partition)
    holding.tenure = undefined
  }

  /** The engine has ended the epoch of a partition and wants it anew, from this offset on. */
  restart(slot: number, offset: number): void {
    const { partition, tenure } = this.holdings[slot]!
    this.#restarted.push(tenure!)
    this.endTenure(slot, 'restarted')
    this.rebalances.add({ type: 'restart', partition, offset })
  }

  halt(slots: readonly number[]): void {
    this.world.journal.note(K.halted, this.id, slots.length)
    this.engine.halt(slots)
    for (const slot of slots) {
      const { tenure } = this.holdings[slot]!
      if (tenure !== undefined) this.world.checker.halted(tenure)
    }
  }

  tick(): void {
    const { now, wall, checker, shape } = this.world
    const circuits = shape.circuit === undefined ? undefined : checker.circuitsOf(this.id)
    circuits?.tick(now)
    this.engine.tick(now, wall)
    this.drains.look()
    circuits?.ticked()
    if (shape.delayMs > 0) this.#checkDue(wall + shape.delayMs)
  }

  /** What waits for its time waits for none that lies more than a delay ahead: delays do not add up. */
  #checkDue(latest: number): void {
    for (const slot of this.slots()) {
      const due = this.engine.dueAt(slot)
      if (due !== undefined && due > latest) {
        throw new Violation('I9', `process ${this.id}: a record waits ${due - latest} ms too long`)
      }
    }
  }

  abortHandlers(slots: readonly number[]): void {
    this.crew.abort(slots)
  }

  // ── its end ────────────────────────────────────────────────────────────────────────────────────────────────────

  leave(how: End): void {
    for (const slot of this.slots()) this.endTenure(slot, how)
    this.world.journal.note(K.closed, this.id, how === 'inOrder' ? 1 : 0)
    this.world.leaves(this)
  }

  /** Without a word: what it has sent is on its way, and nothing else of it is left. */
  kill(): Delivery[] {
    this.isDead = true
    this.crew.stop()
    const ran = this.threads.flatMap((thread) => thread.ran)
    this.commits.abandon()
    this.deadLetters.abandon()
    for (const { tenure } of this.holdings) if (tenure !== undefined) this.world.checker.over(tenure, 'crashed')
    for (const holding of this.holdings) holding.tenure = undefined
    return ran
  }
}

const UNREAD = { position: 0, next: undefined, attached: true, paused: false, toldEnd: -1, owned: true }
