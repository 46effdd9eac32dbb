/** Every record that was ever written, as columns: a record is a number here and in the checker. */
export interface NewRecord {
  readonly partition: number
  readonly offset: number
  readonly key: number
  readonly size: number
  readonly unprotected: boolean
  readonly timestamp: number
  readonly deadly: boolean
}

export class Records {
  readonly partition: number[] = []
  readonly offset: number[] = []
  /** Small number of the key in its partition, -1 for a null key. */
  readonly key: number[] = []
  readonly size: number[] = []
  /**
   * 1 where Kafka itself may skip the record: it was written below an offset that somebody had read or committed
   * before the log was cut short.
   */
  readonly unprotected: number[] = []
  /** Milliseconds on the clock on the wall, -1 for none. */
  readonly timestamp: number[] = []
  /** 1 where the record kills the thread that runs it. */
  readonly deadly: number[] = []

  get count(): number {
    return this.offset.length
  }

  add(record: NewRecord): number {
    this.partition.push(record.partition)
    this.offset.push(record.offset)
    this.key.push(record.key)
    this.size.push(record.size)
    this.unprotected.push(record.unprotected ? 1 : 0)
    this.timestamp.push(record.timestamp)
    this.deadly.push(record.deadly ? 1 : 0)
    return this.offset.length - 1
  }
}
