/**
 * Keys of which a record was handed back while its partition closed. A later record of such a key must not be finished
 * before it, so that it is handed back too, whenever it comes.
 *
 * By slot, because epochs of different partitions say nothing about each other; of each the latest epoch only: of those
 * before it nothing starts any more.
 */
export class RefusedKeys {
  readonly #slots = new Map<number, { epoch: number; keys: Set<number> }>()

  add(slot: number, epoch: number, key: number): void {
    const refused = this.#slots.get(slot)
    if (refused === undefined || refused.epoch < epoch) this.#slots.set(slot, { epoch, keys: new Set([key]) })
    else refused.keys.add(key)
  }

  has(slot: number, epoch: number, key: number): boolean {
    const refused = this.#slots.get(slot)
    return refused !== undefined && epoch <= refused.epoch && refused.keys.has(key)
  }
}
