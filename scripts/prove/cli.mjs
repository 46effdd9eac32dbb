#!/usr/bin/env node
// @ts-check
/**
 * Proofs that take longer than a test may: `prove <name>…`, or `prove all`.
 *
 * Each prints its progress to stderr and its verdict as one JSON line to stdout; the exit code is 1 when one of them does
 * not hold. Those that need a Kafka use the one that KAFKA_BOOTSTRAP names, else they start their own from its jars.
 */
import { parseArgs } from 'node:util'

/** @type {Record<string, () => Promise<import('./verdict.mjs').Proof>>} */
const proofs = {
  simulation: async () => (await import('./simulation.mjs')).prove,
  ledger: async () => (await import('./ledger.mjs')).prove,
  memory: async () => (await import('./memory.mjs')).prove,
  idle: async () => (await import('./idle.mjs')).prove,
  speed: async () => (await import('./speed.mjs')).prove,
  pool: async () => (await import('./pool.mjs')).prove,
  'full-window': async () => (await import('./full-window.mjs')).prove,
  retained: async () => (await import('./retained.mjs')).prove,
  growth: async () => (await import('./growth.mjs')).prove,
  'dead-letters': async () => (await import('./dead-letters.mjs')).prove,
  deadlines: async () => (await import('./deadlines.mjs')).prove,
  backoff: async () => (await import('./backoff.mjs')).prove,
  delay: async () => (await import('./delay.mjs')).prove,
  rebalance: async () => (await import('./rebalance.mjs')).prove,
  recommend: async () => (await import('./recommend.mjs')).prove,
}

/** Not of `all`: it takes an hour, and a machine that does nothing else. */
const BY_HAND = ['recommend']

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    messages: { type: 'string' },
    schedules: { type: 'string' },
    runs: { type: 'string' },
    protocol: { type: 'string' },
    case: { type: 'string' },
  },
})
const names = positionals.includes('all') ? Object.keys(proofs).filter((name) => !BY_HAND.includes(name)) : positionals
if (names.length === 0 || names.some((name) => !Object.hasOwn(proofs, name))) {
  process.stderr.write(
    `usage: prove <${Object.keys(proofs).join(' | ')} | all>… [--minutes n] [--messages n] [--schedules n] [--runs n] [--protocol name] [--case name]\n`,
  )
  process.exit(2)
}
const { protocol, case: only, ...numbers } = values
for (const [name, text] of Object.entries(numbers)) {
  if (Number(text) > 0) continue
  process.stderr.write(`--${name} ${text}: expected a number above 0\n`)
  process.exit(2)
}
const options = {
  ...{ protocol, case: only },
  ...Object.fromEntries(Object.entries(numbers).map(([name, text]) => [name, Number(text)])),
}
for (const name of names) {
  const prove = await proofs[name]()
  const verdict = await prove(options).catch((error) => ({ holds: false, error: String(error?.stack ?? error) }))
  process.stdout.write(`${JSON.stringify({ prove: name, ...verdict })}\n`)
  if (!verdict.holds) process.exitCode = 1
}
