const BAR = 30
/** Without a terminal a line every so often. */
const PLAIN_MS = 5_000

/** A progress line on stderr. Nothing on stdout, so that tables and JSON stay clean. */
export class Progress {
  readonly #label: string
  readonly #total: number
  #lastPlain = Date.now()

  constructor(label: string, total: number) {
    this.#label = label
    this.#total = total
  }

  update(done: number): void {
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total)
    const text = `${this.#label} ${String(Math.floor(share * 100)).padStart(3)} %  ${done.toLocaleString('en-US')} of ${this.#total.toLocaleString('en-US')}`
    if (process.stderr.isTTY) {
      const filled = Math.round(share * BAR)
      process.stderr.write(`\r${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${text}\x1b[K`)
    } else if (Date.now() - this.#lastPlain >= PLAIN_MS) {
      this.#lastPlain = Date.now()
      process.stderr.write(`${text}\n`)
    }
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}
