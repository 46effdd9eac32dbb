import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LiveView } from '../../src/cli/live-view.js'
import type { WorkState } from '../../src/work/state.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A terminal that shows what stands on its screen, for the few sequences that the view uses. */
class Screen {
  readonly columns = 80
  readonly #lines = ['']
  #row = 0
  #column = 0

  write(chunk: string | Uint8Array): boolean {
    const text = Buffer.from(chunk).toString().replaceAll('\x1b[1A', '↑').replaceAll('\x1b[2K', '⌫')
    for (const character of text) this.#put(character)
    return true
  }

  get text(): string {
    return this.#lines.join('\n')
  }

  #put(character: string): void {
    if (character === '↑') this.#row = Math.max(0, this.#row - 1)
    else if (character === '⌫') this.#lines[this.#row] = ''
    else if (character === '\r') this.#column = 0
    else if (character === '\n') {
      this.#row++
      this.#column = 0
      this.#lines[this.#row] ??= ''
    } else {
      const line = this.#lines[this.#row]!.padEnd(this.#column)
      this.#lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1)
      this.#column++
    }
  }
}

const state = {
  phase: 'running',
  partitions: [],
  threads: [],
  window: { messages: 1, maxMessages: 256, bytes: 0, maxBytes: 1024 },
  counters: { processed: 0, failed: 0, deadLettered: 0 },
} as unknown as WorkState
const view = /running {2}\d.*\nwindow 1\/256 .*\n/

function live(shown = state) {
  const screen = new Screen()
  const terminal = screen as unknown as NodeJS.WriteStream
  const liveView = new LiveView(terminal)
  liveView.start(() => shown)
  vi.advanceTimersByTime(500)
  return { screen, liveView, terminal }
}

test('what is printed past the view stands above it, whole, however often it is drawn again', () => {
  const { screen, liveView } = live()
  expect(screen.text).toMatch(new RegExp(`^${view.source}$`))
  for (let i = 0; i < 5; i++) {
    screen.write(Buffer.from(`printed ${i}\nand ${i}\n`))
    vi.advanceTimersByTime(1_000)
    liveView.write(`{"level":30,"time":0,"msg":"logged ${i}"}`)
    if (i % 2 === 0) vi.advanceTimersByTime(500)
  }
  vi.advanceTimersByTime(500)
  const told = [0, 1, 2, 3, 4].map((i) => `printed ${i}\nand ${i}\n.*logged ${i}\n`).join('')
  expect(screen.text).toMatch(new RegExp(`^${told}${view.source}$`))
})

test('a line that was not ended is not erased with the view', () => {
  const { screen } = live()
  screen.write('half a line')
  vi.advanceTimersByTime(1_000)
  expect(screen.text).toMatch(new RegExp(`^half a line\n${view.source}$`))
})

test('when it stops it is gone, and the terminal is as it was', () => {
  const { screen, liveView, terminal } = live()
  screen.write('printed\n')
  vi.advanceTimersByTime(500)
  liveView.stop()
  expect(screen.text.trimEnd()).toBe('printed')
  expect(terminal.write).toBe(Screen.prototype.write)
  screen.write('later\n')
  vi.advanceTimersByTime(1_000)
  expect(screen.text.trimEnd()).toBe('printed\nlater')
})

test('failed and dead-lettered records are shown once there are any', () => {
  expect(live().screen.text).not.toMatch(/failed|dead/)
  const counters = { processed: 9, failed: 3, deadLettered: 1_200 }
  expect(live({ ...state, counters } as unknown as WorkState).screen.text).toMatch(
    /^running .* processed 9\nfailed 3 {2}dead-lettered 1,200\nwindow /,
  )
  const none = { processed: 9, failed: 3, deadLettered: 0 }
  expect(live({ ...state, counters: none } as unknown as WorkState).screen.text).toMatch(/\nfailed 3\nwindow /)
})
