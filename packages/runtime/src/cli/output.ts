/** What commands print: one JSON object a line for machines, aligned tables and a progress line for people. */
import { writeSync } from 'node:fs'

/** Written at once, so that nothing is lost when the process is killed right after. */
export function printJson(value: Record<string, unknown>): void {
  writeAll(1, `${JSON.stringify(value)}\n`)
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // A pipe whose reader has gone: the work is done all the same.
      if (code === 'EPIPE') return
      // A pipe whose reader is slow; the reader will come.
      if (code !== 'EAGAIN') throw error
    }
  }
}

/** Columns aligned, numbers to the right. The first row is the head. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)))
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const isNumber = widths.map((_, column) => rows.slice(1).every((row) => /^[\d.,]+/.test(String(row[column]))))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(cells[0]!), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n')
}

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
