/** The sides of a comparison, one after the other in each run: what disturbs a machine for a while meets all of them. */

type Side = () => Promise<unknown>

/**
 * The order is turned round from run to run, so that no side is always the one that follows another.
 *
 * @param progress is told what begins
 * @returns of each side its results, in the order of the runs
 */
export async function byTurns<S extends Record<string, Side>>(
  runs: number,
  sides: S,
  progress: (what: string) => void,
): Promise<{ [K in keyof S]: Awaited<ReturnType<S[K]>>[] }> {
  const results: Record<string, unknown[]> = Object.fromEntries(Object.keys(sides).map((name) => [name, []]))
  for (let run = 0; run < runs; run++) {
    const order = Object.entries(sides)
    if (run % 2 === 1) order.reverse()
    for (const [name, side] of order) {
      progress(`run ${run + 1} of ${runs}: ${name}`)
      results[name]!.push(await side())
    }
  }
  return results as { [K in keyof S]: Awaited<ReturnType<S[K]>>[] }
}
