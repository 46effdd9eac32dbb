/**
 * What schedules are weighted toward. A profile is data: how large its worlds are, and how often the scheduler decides for
 * what. Work that goes on all the time is the same in all of them; a profile adds its faults.
 */
import type { ActionName } from './actions.js'
import type { Protocol } from './shape.js'

type Weights = Partial<Record<ActionName, number>>

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
  }
  /** While faults happen. */
  readonly weights: Weights
  /** Before all comes to its end, no handler ends for a while: every partition must have got its share all the same. */
  readonly siege?: boolean
}

/**
 * What goes on all the time. Much of it is often impossible and then drawn anew, which makes what is always possible (ticks,
 * most faults) far more frequent than its weight says.
 */
const WORK: Weights = {
  read: 60,
  fetch: 25,
  handOver: 25,
  receive: 45,
  publish: 55,
  start: 65,
  finish: 65,
  flush: 40,
  run: 40,
  acks: 55,
  tick: 18,
  takeCommit: 18,
  answer: 18,
  heartbeat: 60,
  form: 20,
  settle: 20,
  exit: 10,
  bury: 20,
  boot: 25,
  terminate: 10,
  unstick: 3,
  produce: 24,
  spawn: 5,
  thaw: 4,
  expire: 5,
}

/** Everything goes on and nothing goes wrong: what is left must come to its end. */
export const CALM: Weights = {
  read: 60,
  work: 80,
  acks: 60,
  tick: 25,
  commit: 40,
  heartbeat: 60,
  form: 25,
  settle: 25,
  exit: 20,
  bury: 25,
  boot: 30,
  terminate: 20,
  unstick: 20,
  revive: 15,
  thaw: 15,
  expire: 15,
}

/** As calm as that, and no handler ends. */
export const SIEGE: Weights = {
  read: 60,
  receive: 40,
  publish: 40,
  start: 40,
  flush: 30,
  acks: 40,
  tick: 60,
  commit: 40,
  heartbeat: 60,
  form: 25,
  settle: 25,
  exit: 20,
  bury: 25,
  boot: 30,
  terminate: 20,
  revive: 15,
  thaw: 15,
  expire: 15,
}

const EVERY: Weights = {
  fail: 10,
  kill: 1,
  killBusy: 6,
  stick: 2,
  retire: 1,
  startFails: 2,
  replayAcks: 2,
  shutdown: 1,
  abort: 0.5,
  crash: 0.6,
  freeze: 0.6,
  fence: 0.6,
  evict: 1,
  stir: 3,
  grow: 1,
  loseCommit: 5,
  loseAnswer: 5,
  seek: 1,
  truncate: 0.5,
  recreate: 0.3,
  retain: 0.5,
  compact: 1,
  setBack: 3,
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
}

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
    shape: { ...shape, members: [1, 2], partitions: [2, 4], window: [8, 16], bytes: [2_000, 4_000], oversized: false },
    siege: true,
    weights: { ...WORK, stick: 15, unstick: 2, stir: 1.5, killBusy: 2 },
  },
]

export function profileOf(name: string): Profile | undefined {
  return profiles.find((profile) => profile.name === name)
}
