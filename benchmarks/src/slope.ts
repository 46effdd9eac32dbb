/** @returns how much y grows with each x, by the line with the least squares @throws RangeError when all x are the same */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (point: readonly [number, number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length
  const meanX = mean(([x]) => x)
  const meanY = mean(([, y]) => y)
  const spread = mean(([x]) => (x - meanX) ** 2)
  if (!(spread > 0)) throw new RangeError('a line needs two different places')
  return mean(([x, y]) => (x - meanX) * (y - meanY)) / spread
}
