import { expect, test } from 'vitest'
import { parseRun, run } from '../../src/peers/run.js'

const RUN = { messages: 10, seconds: 2, cpuSeconds: 1, peakRssMiB: 0, checksum: '00000000' }
const line = (changes: object) => JSON.stringify({ ...RUN, ...changes })

test('a run is the last line that a program prints, and a prefix starts the program', async () => {
  const script = `console.log('a warning'); console.log('${line({ checksum: '$' })}'.replace('$', process.env.SUM))`
  const program = { file: process.execPath, args: ['-e', script] }
  expect(parseRun(await run(program, ['env', 'SUM=0badcafe']))).toEqual({ ...RUN, checksum: '0badcafe' })
})

test('latencies are kept', () => {
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
