/** Keeps a Buffer of `options.mb` MiB of each record with the key `hoard`, in its first attempt. */
const held = []

export default {
  setup: ({ options }) => options,
  async process(message, ctx) {
    if (String(message.key) !== 'hoard' || ctx.attempt > 1) return
    held.push(Buffer.alloc(ctx.state.mb * 1024 * 1024, 1))
    await new Promise((resolve) => setTimeout(resolve, 120))
  },
}
