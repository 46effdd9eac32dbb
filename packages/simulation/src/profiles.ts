/**
 * What schedules are weighted toward. A profile is data: how large its worlds are, and how often the scheduler decides for
 * what. Work that goes on all the time is the same in all of them; a profile adds its faults.
 */
import type { Protocol } from './shape.js'
import { EVERY, type Weights, WORK } from './weights.js'

/** Of a hundred schedules so many have more than one attempt, a dead letter topic, circuit breakers, a delay. */
export interface Failures {
  readonly retries: number
  readonly deadLetters: number
  readonly circuits: number
  readonly delays: number
  /** Of a hundred handlers so many fail by themselves, at most. */
  readonly failing: number
  /** Of a hundred records so many kill their thread, and so many their process, at most. */
  readonly deadly: number
  /** Of a hundred schedules so many have a crash journal, of those with dead letters a guard against floods of them. */
  readonly journals: number
  readonly floods: number
}

const FEW: Failures = {
  retries: 25,
  deadLetters: 15,
  circuits: 8,
  delays: 8,
  failing: 0,
  deadly: 0,
  journals: 5,
  floods: 0,
}
const NONE: Failures = {
  retries: 25,
  deadLetters: 0,
  circuits: 0,
  delays: 0,
  failing: 0,
  deadly: 0,
  journals: 0,
  floods: 0,
}

export interface Profile {
  readonly name: string
  readonly shape: {
    readonly protocols: readonly Protocol[]
    readonly members: readonly [number, number]
    readonly partitions: readonly [number, number]
    readonly records: readonly [number, number]
    readonly decisions: readonly [number, number]
    /** Messages of the window at first. */
    readonly window: readonly [number, number]
    /** Bytes of the window. */
    readonly bytes: readonly [number, number]
    /** Some records are larger than the whole window. */
    readonly oversized: boolean
    /** Of a hundred partitions so many have a commit from before, which tells of records above it that are finished. */
    readonly taken: number
    readonly failures: Failures
    /** Records in a batch, at most; undefined: handlers take them one by one. */
    readonly batches?: readonly [number, number]
  }
  /** While faults happen. */
  readonly weights: Weights
  /** Before all comes to its end, no handler ends for a while: every partition must have got its share all the same. */
  readonly siege?: boolean
}

const shape: Profile['shape'] = {
  protocols: ['eager', 'cooperative'],
  members: [1, 3],
  partitions: [1, 4],
  records: [15, 45],
  decisions: [50, 120],
  window: [2, 10],
  bytes: [100, 1_500],
  oversized: true,
  taken: 3,
  failures: FEW,
}

/** Fewer members and partitions for longer: what is parked, held back or written elsewhere comes to its end. */
const long: Profile['shape'] = { ...shape, members: [1, 2], partitions: [1, 3], decisions: [80, 200] }

export const profiles: readonly Profile[] = [
  { name: 'mixed', shape, weights: { ...WORK, ...EVERY } },
  {
    name: 'rebalance',
    shape: { ...shape, members: [2, 3], partitions: [2, 5] },
    weights: {
      ...WORK,
      heartbeat: 90,
      fail: 8,
      killBusy: 14,
      stick: 3,
      stir: 12,
      shutdown: 1.5,
      spawn: 8,
      fence: 1,
      evict: 2,
      loseAnswer: 6,
    },
  },
  {
    name: 'eager',
    shape: { ...shape, protocols: ['eager'], members: [2, 3] },
    weights: { ...WORK, ...EVERY, stir: 8, shutdown: 1.5 },
  },
  {
    name: 'cooperative',
    shape: { ...shape, protocols: ['cooperative'], members: [2, 3] },
    weights: { ...WORK, ...EVERY, stir: 8, shutdown: 1.5 },
  },
  {
    name: 'deaths',
    shape: { ...shape, members: [1, 2] },
    weights: {
      ...WORK,
      fail: 14,
      kill: 3,
      killBusy: 25,
      stick: 5,
      retire: 6,
      terminate: 20,
      startFails: 4,
      replayAcks: 8,
      boot: 40,
      stir: 2,
    },
  },
  {
    name: 'resets',
    shape: { ...shape, members: [1, 2] },
    weights: {
      ...WORK,
      seek: 6,
      resetUnread: 20,
      truncate: 1.5,
      recreate: 1,
      retain: 1.5,
      compact: 3,
      setBack: 4,
      stir: 4,
      shutdown: 2.5,
      crash: 1,
      killBusy: 3,
    },
  },
  {
    // Commits that tell of what is finished above them, and what becomes of that: somebody else takes over, or it is void.
    name: 'holes',
    shape: { ...shape, members: [1, 2], partitions: [1, 3], records: [40, 80], taken: 70 },
    weights: {
      ...WORK,
      stick: 8,
      takeCommit: 40,
      crash: 2,
      abort: 1.5,
      shutdown: 1,
      stir: 4,
      resetUnread: 120,
    },
  },
  {
    name: 'shutdown',
    shape,
    weights: {
      ...WORK,
      shutdown: 4,
      abort: 1.5,
      stir: 6,
      fail: 8,
      killBusy: 6,
      stick: 4,
      loseCommit: 6,
      loseAnswer: 6,
      spawn: 12,
    },
  },
  {
    name: 'skew',
    // Each partition's share holds a record, so that none has an excuse.
    shape: {
      ...shape,
      members: [1, 2],
      partitions: [2, 4],
      window: [8, 16],
      bytes: [2_000, 4_000],
      oversized: false,
      failures: NONE,
    },
    siege: true,
    weights: { ...WORK, stick: 15, unstick: 2, stir: 1.5, killBusy: 2 },
  },
  {
    name: 'failures',
    shape: {
      ...long,
      failures: {
        retries: 75,
        deadLetters: 50,
        circuits: 40,
        delays: 25,
        failing: 50,
        deadly: 8,
        journals: 50,
        floods: 50,
      },
    },
    weights: {
      ...WORK,
      fail: 10,
      due: 20,
      letter: 15,
      kill: 1,
      killBusy: 8,
      killKnown: 5,
      overdue: 14,
      stick: 5,
      retire: 2,
      terminate: 20,
      startFails: 1,
      replayAcks: 4,
      boot: 40,
      stir: 7,
      shutdown: 3,
      abort: 1.5,
      crash: 1.5,
      fence: 0.6,
      refuseLetter: 4,
      loseLetter: 4,
      loseAnswer: 3,
    },
  },
  {
    name: 'breaker',
    shape: {
      ...long,
      failures: {
        retries: 30,
        deadLetters: 40,
        circuits: 100,
        delays: 0,
        failing: 60,
        deadly: 4,
        journals: 0,
        floods: 0,
      },
    },
    weights: {
      ...WORK,
      fail: 10,
      tick: 30,
      killBusy: 4,
      killKnown: 2,
      overdue: 3,
      stick: 3,
      boot: 40,
      stir: 4,
      shutdown: 2,
    },
  },
  {
    name: 'delay',
    shape: {
      ...shape,
      members: [1, 2],
      failures: {
        retries: 30,
        deadLetters: 20,
        circuits: 10,
        delays: 100,
        failing: 20,
        deadly: 2,
        journals: 0,
        floods: 0,
      },
    },
    weights: { ...WORK, ...EVERY, tick: 40, stir: 4, shutdown: 2, seek: 2 },
  },
  {
    // Handlers of several records: with all faults, in windows that hold more than one batch.
    name: 'batches',
    shape: {
      ...long,
      window: [4, 16],
      batches: [2, 6],
      failures: {
        retries: 60,
        deadLetters: 40,
        circuits: 25,
        delays: 15,
        failing: 30,
        deadly: 4,
        journals: 25,
        floods: 20,
      },
    },
    weights: {
      ...WORK,
      ...EVERY,
      publish: 110,
      start: 110,
      begin: 18,
      due: 20,
      killBusy: 12,
      overdue: 8,
      terminate: 20,
      boot: 40,
      stir: 6,
      shutdown: 2,
      letter: 15,
    },
  },
]

export function profileOf(name: string): Profile | undefined {
  return profiles.find((profile) => profile.name === name)
}
