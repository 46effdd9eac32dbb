import { overAt } from '../ends-of-work.js'
import type { Chain, Delivery } from '../indexed-ledger.js'
import type { Judge } from '../invariant.js'
import { lineAt, nameDelivery, nameRecord } from '../sentences.js'
import { chainOf } from './chain-of.js'

/**
 * I3: a delivery starts only when the one before it in its chain is over, in whatever thread, attempt or process.
 * It is enough to look at the one before: were an older one still alive, its successor would have been found.
 */
export const noOverlap: Judge = (ledger, options) => {
  const last = new Map<Chain, Delivery>()
  for (const delivery of ledger.deliveries) {
    const chain = chainOf(delivery.record, options)
    if (!chain) continue
    const before = last.get(chain)
    const over = before && overAt(before)
    if (before && (over === undefined || over > delivery.startedAt)) {
      const until =
        over === undefined
          ? 'never ended and its thread and process are alive'
          : `was over at ${lineAt(over, before.end?.at)}`
      const [first, second] = [before, delivery].map((d) => `${nameDelivery(d)} of ${nameRecord(d.record)}`)
      return {
        evidence: ledger.deliveries.length,
        contradiction: `${chain.name} ran twice at a time: ${first} ${until}, but ${second} had begun`,
      }
    }
    last.set(chain, delivery)
  }
  return { evidence: ledger.deliveries.length }
}
