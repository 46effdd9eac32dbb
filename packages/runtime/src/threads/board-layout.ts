/** Where things stand on a board, in words of 32 bits. */

/** Partitions that one work may ever own. The memory is touched only where it is used. */
export const MAX_SLOTS = 16_384

const HEADER_WORDS = 16

/** At the beginning; written by main but where the thread is named. */
export const Header = {
  hold: 0,
  /** By the thread: handlers in progress, and records that wait for one. */
  running: 1,
  queued: 2,
  /** When main beat last, on the machine's clock, and how many ms that is good for; 0 before the first beat. */
  pulse: 3,
  pulseLimit: 4,
  /** Whether records may start (see `Starts`). */
  starts: 5,
  /** By the thread: the ticket whose handler is on its stack. */
  current: 6,
  /** By the thread. */
  externalKib: 7,
} as const

/** By slot, written by main. `starts` is as in the header, for one partition. The offset is a double. */
export const Control = { cutEpoch: 0, starts: 1, aboveOffset: 2 } as const

/** `permitted`: one may, by whoever makes it `held` again. Main holds and permits, the thread takes permits. */
export const Starts = { free: 0, held: 1, permitted: 2 } as const

/** By ticket, written by main before the delivery is sent and by the thread afterwards. */
export const Entry = {
  state: 0,
  sequence: 1,
  /** When the delivery started, or when the next attempt of a parked one is due, on the machine's clock. */
  since: 2,
  /** What the handler has added to its deadline, in milliseconds; begins anew with each start. */
  extension: 3,
  /** In the lower half; above it the flags of a failure. */
  attempt: 4,
} as const

export const SIZE = { control: 4, entry: 5 } as const

export const CONTROL = HEADER_WORDS
export const ENTRIES = CONTROL + MAX_SLOTS * SIZE.control

export const State = { queued: 0, running: 1, parked: 2, done: 3, failed: 4, discarded: 5 } as const
