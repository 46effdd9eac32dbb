/** A processor that fails each record. */
export default {
  process() {
    throw new Error('each one fails')
  },
}
