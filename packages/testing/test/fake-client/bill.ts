import { json } from '@zk/formats'
import { defineProcessor } from '@zk/runtime/processor'

export interface Order {
  customer: string
  amount: number
}

export default defineProcessor({
  format: json({ parse: (value) => value as Order }),
  setup: ({ options }) => options as { currency: string },
  async process({ value, key }, ctx) {
    if (value!.amount < 0) throw new Error(`no bill over ${value!.amount}`)
    const bill = `${value!.amount} ${ctx.state.currency}${ctx.values.mark ?? ''}`
    await ctx.send('bills', { key, value: bill, headers: { attempt: String(ctx.attempt) } })
  },
})
