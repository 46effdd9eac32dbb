/** Every record that was ever written, as columns: a record is a number here and in the checker. */
export type Victim = 'nobody' | 'thread' | 'process'

export interface NewRecord {
  readonly partition: number
  readonly offset: number
  readonly key: number
  readonly size: number
  readonly unprotected: boolean
  readonly timestamp: number
  readonly kills: Victim
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
  /** What the record kills that runs it. */
  readonly kills: Victim[] = []
  /** How many processes have died while it ran, as their crash journals say; 0 again once it has ended. */
  readonly processDeaths: number[] = []

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
    this.kills.push(record.kills)
    this.processDeaths.push(0)
    return this.offset.length - 1
  }
}
