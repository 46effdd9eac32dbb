/** Each thread dies soon after its start, and over nothing that it was given. */
export default {
  setup() {
    setTimeout(() => {
      throw new Error('thrown by nobody')
    }, 20)
  },
  process() {},
}
