/** One partition as a process holds it: its engine's slot, and where its reader stands. */
export interface Holding {
  readonly partition: number
  readonly slot: number
  /** The tenure that its records are read in; undefined when the partition is not ours. */
  tenure: number | undefined
  /** The next offset to read. */
  position: number
  /** Below it everything was handed over; undefined before the first record or end. */
  next: number | undefined
  /** The reader may read it. */
  attached: boolean
  paused: boolean
  /** The end that was told last. */
  toldEnd: number
  /** The consumer has been told to read it, and not yet to stop. */
  owned: boolean
}
