/** So small that V8 keeps it on its heap: most rings stay short, and one is made for each partition that waits. */
const FIRST_CAPACITY = 16

/** A growing ring of integers: no allocation in the steady state, unlike an array that is shifted. */
export class TicketRing {
  #items = new Int32Array(FIRST_CAPACITY)
  #mask = FIRST_CAPACITY - 1
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: number): void {
    if (this.#length > this.#mask) this.#grow()
    this.#items[(this.#head + this.#length) & this.#mask] = item
    this.#length++
  }

  /** Puts an item back where `shift` took it from. */
  unshift(item: number): void {
    if (this.#length > this.#mask) this.#grow()
    this.#head = (this.#head - 1) & this.#mask
    this.#items[this.#head] = item
    this.#length++
  }

  /** Undefined behaviour when empty: check `length` first. */
  shift(): number {
    const item = this.#items[this.#head]!
    this.#head = (this.#head + 1) & this.#mask
    this.#length--
    return item
  }

  /** The item at `index`, counted from the one that `shift` would give. Undefined behaviour beyond `length`. */
  at(index: number): number {
    return this.#items[(this.#head + index) & this.#mask]!
  }

  clear(): void {
    this.#head = 0
    this.#length = 0
  }

  /** Removes the items that `matches`, in order, and leaves the others in theirs. `removed` must not touch the ring. */
  remove(matches: (item: number) => boolean, removed: (item: number) => void): void {
    for (let left = this.#length; left > 0; left--) {
      const item = this.shift()
      if (matches(item)) removed(item)
      else this.push(item)
    }
  }

  #grow(): void {
    const items = new Int32Array((this.#mask + 1) * 2)
    for (let i = 0; i < this.#length; i++) items[i] = this.at(i)
    this.#items = items
    this.#mask = items.length - 1
    this.#head = 0
  }
}
