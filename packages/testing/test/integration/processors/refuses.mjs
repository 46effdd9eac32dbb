/** Fails with every record. */
export default {
  process() {
    throw new Error('not today')
  },
}
