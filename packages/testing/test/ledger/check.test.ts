import { join } from 'node:path'
import { expect, test } from 'vitest'
import { main } from '../../src/ledger/check.js'

const ledger = (name: string) => join(import.meta.dirname, '../ledgers', `${name}.jsonl`)

function run(...args: string[]) {
  let out = ''
  let err = ''
  const code = main(
    args,
    (text) => {
      out += text
    },
    (text) => {
      err += text
    },
  )
  return { code, out, err }
}

test('accepts a right ledger with 0 and a row for each invariant', () => {
  const { code, out } = run(ledger('right-graceful-drain'))
  expect(code).toBe(0)
  expect(out.match(/^I[1-8] +held/gm)).toHaveLength(8)
  expect(out).toMatch(/accepted\n$/)
})

test('rejects a wrong one with 1 and its contradiction', () => {
  const { code, out } = run(ledger('wrong-I7-too-many-messages'))
  expect(code).toBe(1)
  expect(out).toContain('pid 100 had 257 messages of at most 256 in flight (line 4)')
  expect(out).toMatch(/REJECTED\n$/)
})

test('prints the verdict as one line of JSON', () => {
  const { code, out } = run('--json', '--waive', 'I7', ledger('wrong-I7-too-many-messages'))
  expect(code).toBe(0)
  expect(JSON.parse(out)).toMatchObject({ ok: true, invariants: { I7: { state: 'waived' } } })
})

test.each([
  [['--require', 'I6', ledger('right-dead-letter')], 1],
  [['--concurrency', '2', ledger('wrong-I4-two-unmarked-in-one-thread')], 0],
  [['--stall-ms', '31000', ledger('wrong-I6-stalled-from-the-start')], 0],
  [['--ack-ms', '7000', ledger('wrong-I4-left-out-of-a-commit-long-after-its-end')], 0],
  [['--ordering', 'partition', ledger('right-graceful-drain')], 1],
])('takes %j', (args, code) => {
  expect(run(...args).code).toBe(code)
})

test.each([
  [[], 'one ledger file expected'],
  [['nowhere.jsonl'], 'ENOENT'],
  [['--waive', 'I9', 'x'], 'no such invariant: I9'],
  [['--ordering', 'none', 'x'], '--ordering is key or partition'],
  [['--concurrency', '0', 'x'], '--concurrency is a whole number'],
  [['--bogus', 'x'], '--bogus'],
])('refuses %j with 2', (args, says) => {
  const { code, err } = run(...args)
  expect(code).toBe(2)
  expect(err).toContain(says)
})

test('helps', () => {
  expect(run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--waive') })
})
