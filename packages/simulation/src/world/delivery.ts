/** One delivery as a thread has it. */

export interface Delivery {
  readonly ticket: number
  readonly sequence: number
  readonly slot: number
  readonly epoch: number
  readonly offset: number
  readonly record: number
  readonly key: number
  readonly partition: number
  readonly tenure: number
  /** The attempt that it was sent for, 1 for the first. */
  readonly first: number
  /** Attempts that have failed in this thread. */
  failures: number
  /** Its handler was told to give up: its result is not wanted. */
  aborted: boolean
  /** Main has noticed that its deadline has passed. */
  overdue: boolean
  /** Its handler was told so. */
  timedOut: boolean
  /** Its handler does not come to an end. */
  stuck: boolean
}

export type Ending = 'done' | 'failed' | 'discarded'
