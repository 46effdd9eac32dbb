/**
 * One schedule: a world drawn from a seed, decisions with faults, then calm until all is done. Decisions are recorded as
 * numbers, so that a list of them is the schedule: played again it is the same story, and with some left out it is a
 * shorter one in which what has become impossible does not happen.
 */
import { actionNames, actions, choosy } from './actions.js'
import type { Invariant } from './checker/violation.js'
import { Violation } from './checker/violation.js'
import { Journal } from './journal.js'
import type { Profile } from './profiles.js'
import { Races } from './races.js'
import { Random } from './random.js'
import { type Shape, shapeOf } from './shape.js'
import { CALM, SIEGE } from './weights.js'
import { World } from './world/world.js'

export interface Found {
  readonly invariant: Invariant
  readonly message: string
}

export interface Outcome {
  readonly seed: number
  readonly hash: number
  readonly events: number
  /** Number of the action and the seed of its choices, pair by pair. */
  readonly decisions: readonly number[]
  /** How many of them belong to the part with faults. */
  readonly faulty: number
  readonly shape: Shape
  readonly world: World
  readonly journal: Journal
  readonly found: Found | undefined
}

/** A record takes some ten decisions from its read to its commit, a rebalance some thirty. */
const STALLED = 1_500
const CALM_DECISIONS = 15_000
/** Long enough that a window of some ten messages is full. */
const SIEGE_DECISIONS = 120
const AUDIT_EVERY = 64
/** So fine that the rarest action has its place. */
const TABLE = 4_096

/** Chooses by weight with one look. */
function tableOf(weights: Profile['weights']): Uint8Array {
  const entries = actionNames.map((name) => weights[name] ?? 0)
  const sum = entries.reduce((a, b) => a + b, 0)
  const table = new Uint8Array(TABLE)
  let [at, passed] = [0, 0]
  for (const [number, weight] of entries.entries()) {
    passed += weight
    while (at * sum < passed * TABLE) table[at++] = number
  }
  return table
}

const tables = new Map<Profile['weights'], Uint8Array>()

function tableFor(weights: Profile['weights']): Uint8Array {
  const known = tables.get(weights)
  if (known !== undefined) return known
  const table = tableOf(weights)
  tables.set(weights, table)
  return table
}

export interface PlayOptions {
  tracing?: boolean
  /** Counted over many schedules. */
  races?: Races
  /** Instead of what the scheduler would decide: these, then calm. */
  decisions?: readonly number[]
  /** Whether calm follows: not where a violation without it is looked for. */
  calm?: boolean
  /** Changes the world before anything happens: tests break it. */
  prepare?: ((world: World) => void) | undefined
}

export function play(profile: Profile, seed: number, options: PlayOptions = {}): Outcome {
  const { tracing = false, races = new Races(), decisions, calm = true, prepare } = options
  const random = new Random(seed)
  const shape = shapeOf(profile, random)
  const journal = new Journal(tracing)
  const world = new World(shape, journal, races)
  prepare?.(world)
  const story = new Story(world, random)
  let faulty = 0
  let found: Found | undefined
  try {
    story.begin()
    if (decisions === undefined) story.faults(tableFor(profile.weights))
    else story.replay(decisions)
    faulty = story.made.length / 2
    if (calm && profile.siege === true) story.siege(seed)
    if (calm) story.calm(seed)
  } catch (error) {
    found = foundIn(error)
    story.made.push(...story.current)
    faulty ||= story.made.length / 2
  }
  return {
    seed,
    hash: journal.hash,
    events: journal.events,
    decisions: story.made,
    faulty,
    shape,
    world,
    journal,
    found,
  }
}

function foundIn(error: unknown): Found {
  if (error instanceof Violation) return { invariant: error.invariant, message: error.message }
  // An engine that throws ends the work: no fault of the model may lead to that.
  if (error instanceof Error) return { invariant: 'engine', message: error.stack ?? error.message }
  throw error
}

class Story {
  /** What was carried out. */
  readonly made: number[] = []
  /** The decision under way: what throws is the last of its list. */
  readonly current: [action: number, seed: number] = [0, 0]
  /** By action: after how many decisions it found nothing to do, for which it need not look again before the next. */
  readonly #idleAt = new Int32Array(actions.length).fill(-1)
  readonly #world: World
  readonly #random: Random

  constructor(world: World, random: Random) {
    this.#world = world
    this.#random = random
  }

  begin(): void {
    const { choice, logs, shape } = this.#world
    choice.reset(this.#random.word())
    // Some partitions come later.
    for (const log of logs) log.exists = log.index === 0 || !choice.percent(15)
    for (const log of logs) if (log.exists) this.#world.produce(log.index, choice.int(0, 12))
    for (const log of logs) if (log.exists && choice.percent(shape.taken)) this.#world.takenBefore(log)
    for (let i = choice.int(1, shape.members); i > 0; i--) {
      this.#world.spawn()
      const member = this.#world.members.at(-1)!
      for (let thread = 0; thread < shape.threads; thread++) member.crew.boot(thread)
    }
    this.#world.settle()
  }

  faults(table: Uint8Array): void {
    const { decisions } = this.#world.shape
    for (let tries = decisions * 6; this.#world.decisions < decisions && tries > 0; tries--) this.#decide(table)
  }

  replay(decisions: readonly number[]): void {
    for (let i = 0; i < decisions.length; i += 2) this.#carryOut(decisions[i]!, decisions[i + 1]!)
  }

  siege(seed: number): void {
    const world = this.#world
    this.#random.reset(seed ^ 0x1b873593)
    const table = tableFor(SIEGE)
    const { tenures } = world.checker
    for (const end = world.decisions + SIEGE_DECISIONS; world.decisions < end; ) this.#decide(table)
    world.allServed(tenures)
  }

  calm(seed: number): void {
    const world = this.#world
    world.isCalm = true
    // Its own, so that what comes before may be shortened without changing it.
    this.#random.reset(seed ^ 0x5bd1e995)
    const table = tableFor(CALM)
    let [progress, since] = [world.progress, world.decisions]
    const end = world.decisions + CALM_DECISIONS
    while (!world.isQuiet) {
      for (let i = 0; i < 8; i++) this.#decide(table)
      if (world.progress !== progress) {
        progress = world.progress
        since = world.decisions
      } else if (world.decisions - since > STALLED || world.decisions > end) {
        world.checker.stalled(`nothing has moved for ${world.decisions - since} decisions without a fault`)
      }
    }
    world.close()
  }

  #decide(table: Uint8Array): void {
    const action = table[this.#random.word() % TABLE]!
    const seed = this.#random.word()
    if (this.#idleAt[action] !== this.#world.decisions) this.#carryOut(action, seed)
  }

  #carryOut(action: number, seed: number): void {
    const world = this.#world
    world.choice.reset(seed)
    this.current[0] = action
    this.current[1] = seed
    if (!actions[action]!(world)) {
      if (choosy[action] === 0) this.#idleAt[action] = world.decisions
      return
    }
    world.settle()
    world.checker.stops.settled()
    this.made.push(action, seed)
    world.decisions++
    if (world.decisions % AUDIT_EVERY === 0) world.audit()
  }
}
