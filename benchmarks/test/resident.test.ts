import { expect, test } from 'vitest'
import { residentIn } from '../src/resident.js'

test('memory is read from the lines of the kernel, in MiB', () => {
  const status = 'Name:\tnode\nVmPeak:\t 9000 kB\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nRssAnon:\t 1 kB\n'
  expect(residentIn(status)).toEqual({ now: 100, peak: 200 })
})

test('without these lines there is an error and no figure', () => {
  expect(() => residentIn('Name:\tnode\n')).toThrow('VmRSS')
})
