/** What the checker knows of the model: records, logs, and the limits of a schedule. Nothing of any engine. */

export interface ModelRecords {
  readonly partition: readonly number[]
  readonly offset: readonly number[]
  /** -1 for a null key. */
  readonly key: readonly number[]
  readonly size: readonly number[]
  /** 1 where Kafka itself may have skipped the record. */
  readonly unprotected: readonly number[]
  /** Milliseconds on the clock on the wall, -1 for none. */
  readonly timestamp: readonly number[]
}

/** How violations name records: by their places. */
export function namesOf(records: ModelRecords): (record: number) => string {
  return (record) => `${records.partition[record]}/${records.offset[record]}`
}

export interface ModelLog {
  readonly ids: readonly number[]
  readonly end: number
  readonly committed: { readonly offset: number; readonly finished: readonly number[] } | undefined
  readonly exists: boolean
  indexOf(offset: number): number
}

export interface CircuitLimits {
  readonly after: number
  readonly forMs: number
  readonly scope: 'work' | 'partition'
}

export interface FloodLimits {
  readonly maxRatio: number
  readonly window: number
}

export interface ModelLimits {
  readonly ordering: 'key' | 'partition' | 'none'
  readonly attempts: number
  readonly deadLetters: boolean
  readonly onExhausted: 'complete' | 'stop'
  readonly delayMs: number
  readonly circuit: CircuitLimits | undefined
  /** At so many deaths of a process in which it ran a record is condemned. */
  readonly processDeathLimit: number | undefined
  /** Undefined where no share of dead letters is too large; else every completion is told. */
  readonly flood: FloodLimits | undefined
  /** Of a partition nothing more is read while so many records lie from its oldest unfinished one on. */
  readonly maxUncommittedRecords: number
  readonly window: { readonly maxMessages: number; readonly maxBytes: number }
}

/** What of a process is left when it has nothing to do. */
export interface Leftovers {
  readonly messages: number
  readonly bytes: number
  readonly rows: number
  readonly load: number
}
