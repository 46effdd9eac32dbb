import { expect, test } from 'vitest'
import { parseRun } from '../../src/peers/run.js'

const RUN = { messages: 10, seconds: 2, cpuSeconds: 1, peakRssMiB: 0, checksum: '00000000' }
const line = (changes: object) => JSON.stringify({ ...RUN, ...changes })

test('a run is the last line that a program prints', () => {
  expect(parseRun(`some warning\n${line({})}\n`)).toEqual(RUN)
  expect(parseRun(line({ latencies: [1, 2.5] })).latencies).toEqual([1, 2.5])
})

test('a program that ends without figures is an error that says what it printed instead', () => {
  expect(() => parseRun('Exception in thread "main"')).toThrow(/without a result: Exception in thread/)
  expect(() => parseRun('')).toThrow(/without a result/)
  expect(() => parseRun('null')).toThrow(/without a result/)
})

test.each([
  { seconds: 0 },
  { messages: undefined },
  { cpuSeconds: null },
  { peakRssMiB: '12' },
  { latencies: [1, null] },
])('a figure that would make a program look fast is an error: %j', (changes) => {
  expect(() => parseRun(line(changes))).toThrow(Object.keys(changes)[0])
})
