/** About a millisecond of plain JavaScript that no compiler can shorten: threads help, up to the number of cores. */
export default {
  process() {
    let hash = 0x811c9dc5 | 0
    for (let i = 0; i < 1_000_000; i++) hash = Math.imul(hash ^ i, 0x01000193)
    // Never so: the loop must have a use.
    if (hash === 0.5) throw new Error('impossible')
  },
}
