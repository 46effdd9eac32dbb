export default {
  setup() {
    throw new Error('no database')
  },
  process() {},
}
