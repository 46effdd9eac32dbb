/**
 * The view of `zk run` on a terminal: a few lines at the bottom that are redrawn, with the log, and what handlers print,
 * scrolling above them.
 */

import type { WorkState } from '../work/state.js'
import { formatLogLine } from './human-log.js'
import { toldCounters } from './told-counters.js'

const REFRESH_MS = 500
const CLEAR_LINE = '\x1b[2K'
const UP = '\x1b[1A'

export class LiveView {
  readonly #terminal: NodeJS.WriteStream
  /** The terminal's own, while the view stands in for it. */
  readonly #print: NodeJS.WriteStream['write']
  #state: (() => WorkState | undefined) | undefined
  #timer: NodeJS.Timeout | undefined
  #lines = 0
  /** What was printed last ended its line. */
  #lineEnded = true
  #last = { at: performance.now(), processed: 0 }

  constructor(terminal: NodeJS.WriteStream = process.stderr) {
    this.#terminal = terminal
    this.#print = terminal.write
  }

  /** From now on whatever is written to the terminal, such as the output of threads, goes above the view. */
  start(state: () => WorkState | undefined): void {
    this.#state = state
    this.#timer = setInterval(() => this.#draw(), REFRESH_MS)
    this.#terminal.write = ((chunk: string | Uint8Array, ...rest: []) => {
      this.#erase()
      if (chunk.length > 0) this.#lineEnded = Buffer.from(chunk.slice(-1)).toString() === '\n'
      return this.#print.call(this.#terminal, chunk, ...rest)
    }) as NodeJS.WriteStream['write']
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#erase()
    this.#state = undefined
    this.#terminal.write = this.#print
  }

  /** A line of the log. */
  write(line: string): void {
    this.#terminal.write(formatLogLine(line))
  }

  #draw(): void {
    const state = this.#state?.()
    if (state === undefined) return
    this.#erase()
    const lines = this.#render(state)
    this.#print.call(this.#terminal, `${this.#lineEnded ? '' : '\n'}${lines.join('\n')}\n`)
    this.#lineEnded = true
    this.#lines = lines.length
  }

  #erase(): void {
    if (this.#lines > 0) this.#print.call(this.#terminal, `${(UP + CLEAR_LINE).repeat(this.#lines)}\r`)
    this.#lines = 0
  }

  #render({ phase, partitions, threads, window, counters }: WorkState): string[] {
    const now = performance.now()
    const rate = ((counters.processed - this.#last.processed) * 1000) / (now - this.#last.at)
    this.#last = { at: now, processed: counters.processed }
    const lag = partitions.reduce((sum, partition) => sum + (partition.lag ?? 0), 0)
    const failures = toldCounters(counters, ['failed', 'deadLettered'])
    const width = this.#terminal.columns ?? 80
    return [
      `${phase}  ${round(rate)} msg/s  lag ${round(lag)}  partitions ${partitions.length}  processed ${round(counters.processed)}`,
      ...(failures.length > 0 ? [failures.join('  ')] : []),
      `window ${window.messages}/${window.maxMessages} messages, ${mib(window.bytes)}/${mib(window.maxBytes)} MiB`,
      ...threads.map(
        ({ index, up, running, queued, processed, busy }) =>
          `thread ${index}  ${up ? bar(busy) : 'starting  '} ${String(Math.round(busy * 100)).padStart(3)} %  running ${running}  queued ${queued}  ended ${round(processed)}`,
      ),
    ].map((line) => line.slice(0, width - 1))
  }
}

const round = (n: number) => Math.round(n).toLocaleString('en-US')
const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
const bar = (share: number) => '▮'.repeat(Math.round(share * 10)).padEnd(10, '▯')
