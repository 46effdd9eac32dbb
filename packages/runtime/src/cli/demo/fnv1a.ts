/**
 * The hash by Fowler, Noll and Vo, so many times over the bytes: work for the CPU, a chain of multiplications that no
 * compiler can shorten. Loaded by worker threads, so it imports nothing.
 */
const PRIME = 0x01000193

/** @returns an unsigned 32-bit number */
export function fnv1a(bytes: Uint8Array, passes: number): number {
  let hash = 0x811c9dc5 | 0
  for (let i = 0; i < passes; i++) hash = pass(bytes, hash)
  return hash >>> 0
}

/**
 * Eight bytes a turn, 32-bit integers only, and a function of its own. In a loop of one byte a turn the bounds check takes
 * as long as the multiplication, and how long depends on where the compiler put the code: up to a factor of two between
 * two processes, which would be the only thing to be seen of a benchmark.
 */
function pass(bytes: Uint8Array, start: number): number {
  let hash = start | 0
  let i = 0
  for (const end = bytes.length & ~7; i < end; i += 8) {
    hash = Math.imul(hash ^ bytes[i]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 1]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 2]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 3]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 4]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 5]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 6]!, PRIME)
    hash = Math.imul(hash ^ bytes[i + 7]!, PRIME)
  }
  for (; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, PRIME)
  return hash | 0
}
