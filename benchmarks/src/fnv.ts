/** The CPU-bound handler of the suites: FNV-1a over the value, 3,700 passes, about a millisecond of plain JavaScript. */
const PASSES = 3_700

export function work(bytes: Uint8Array): number {
  // A 32-bit integer from the start: with a double in the loop, how fast it is depends on where it was compiled.
  let hash = 0x811c9dc5 | 0
  for (let pass = 0; pass < PASSES; pass++) {
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  }
  return hash >>> 0
}
