/** Every record that was ever written, as columns: a record is a number here and in the checker. */
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

  get count(): number {
    return this.offset.length
  }

  add(partition: number, offset: number, key: number, size: number, unprotected: boolean): number {
    this.partition.push(partition)
    this.offset.push(offset)
    this.key.push(key)
    this.size.push(size)
    this.unprotected.push(unprotected ? 1 : 0)
    return this.offset.length - 1
  }
}
