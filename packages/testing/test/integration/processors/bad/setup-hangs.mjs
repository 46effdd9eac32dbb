export default {
  setup: () => new Promise(() => {}),
  process() {},
}
