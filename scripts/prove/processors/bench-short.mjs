/** Less than a microsecond of work: to hand a message to another thread costs more. */
export default {
  process({ rawValue }) {
    if (rawValue.length === 0) throw new Error('no value')
  },
}
