/** @returns the value that a share of them, 0 to 1, does not exceed: the nearest rank, so always one that was measured. */
export function percentile(values: Float64Array | readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError('there is no percentile of no values')
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}
