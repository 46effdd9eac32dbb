/** How far a bench is, on stderr: a line that changes on a terminal, else a line for each run. */
import { Progress } from '../progress.js'
import { codeOf } from './bench-table.js'
import { type RunFigures, rateText, type Way, wayText } from './figures.js'
import type { Place } from './plan.js'

export class BenchProgress {
  readonly #isQuiet: boolean
  #writing: Progress | undefined

  /** @param isQuiet no line for each run: somebody reads JSON */
  constructor(isQuiet: boolean) {
    this.#isQuiet = isQuiet
  }

  writing(written: number, messages: number): void {
    this.#writing ??= new Progress('writing', messages)
    this.#writing.update(written)
  }

  run(way: Way, { round, rounds, number, of }: Place) {
    this.end()
    const label = `round ${round} of ${rounds}, run ${number} of ${round === 1 ? 'up to ' : ''}${of}: ${wayText(way)}`
    const line = (text: string) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${label}  ${text}\x1b[K`)
    }
    const start = process.stderr.isTTY ? '\r\x1b[K' : ''
    line('')
    return {
      progress: (messages: number) => line(`${messages.toLocaleString('en-US')} messages`),
      end: ({ perSecond }: RunFigures) => {
        const rate = rateText(perSecond)
        if (process.stderr.isTTY) line(rate)
        else if (!this.#isQuiet) process.stderr.write(`${label}  ${rate}\n`)
      },
      failed: (error: Error) => process.stderr.write(`${start}${label}  ${codeOf(error)}\n`),
    }
  }

  end(): void {
    this.#writing?.end()
    this.#writing = undefined
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  }
}
