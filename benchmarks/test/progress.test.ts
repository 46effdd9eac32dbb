import { expect, test } from 'vitest'
import { progressOf } from '../src/progress.js'

function written(isTTY: boolean, act: (progress: ReturnType<typeof progressOf>) => void): string {
  let text = ''
  const stream = {
    isTTY,
    write(more: string) {
      text += more
    },
  }
  act(progressOf('io', stream))
  return text
}

test('a terminal has one line, which is gone when results are printed', () => {
  const text = written(true, ({ tell, clear }) => {
    tell('run 1')
    tell('run 2')
    clear()
  })
  expect(text).toBe('\r\x1b[Kio: run 1\r\x1b[Kio: run 2\r\x1b[K')
})

test('a log has a line each', () => {
  const text = written(false, ({ tell, clear }) => {
    tell('run 1')
    tell('run 2')
    clear()
  })
  expect(text).toBe('io: run 1\nio: run 2\n')
})
