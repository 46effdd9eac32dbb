/** What the checker knows of the model: records, logs, and the limits of a schedule. Nothing of any engine. */

export interface ModelRecords {
  readonly partition: readonly number[]
  readonly offset: readonly number[]
  /** -1 for a null key. */
  readonly key: readonly number[]
  readonly size: readonly number[]
  /** 1 where Kafka itself may have skipped the record. */
  readonly unprotected: readonly number[]
}

export interface ModelLog {
  readonly ids: readonly number[]
  readonly end: number
  readonly committed: { readonly offset: number; readonly finished: readonly number[] } | undefined
  readonly exists: boolean
  indexOf(offset: number): number
}

export interface ModelLimits {
  readonly ordering: 'key' | 'partition' | 'none'
  readonly window: { readonly maxMessages: number; readonly maxBytes: number }
}
