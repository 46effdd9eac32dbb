/** The value of a record of the latency suite: when it was handed to the producer, by the clock that processes share. */

const VALUE_BYTES = 200

/** Milliseconds since 1970, to the microsecond: the same in each thread and process of a machine. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now()
}

export function stamped(): Buffer {
  const value = Buffer.alloc(VALUE_BYTES, 'x')
  value.writeDoubleLE(wallClock())
  return value
}

/** @returns milliseconds */
export function latencyOf(value: Buffer): number {
  return wallClock() - value.readDoubleLE()
}
