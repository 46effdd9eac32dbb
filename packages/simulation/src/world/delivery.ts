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
  /** It is to be in a batch of its own. */
  alone: boolean
  /** A batch that it was in was thrown away: it counts as begun, and as charged nothing. */
  postponed: boolean
}

/** It has been begun: nothing of its partition that was cut tries it again. */
export function wasTried({ failures, postponed }: Delivery): boolean {
  return failures > 0 || postponed
}

export type Ending = 'done' | 'failed' | 'discarded'
