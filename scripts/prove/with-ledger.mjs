// @ts-check
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLedger } from './kit.mjs'
import { say } from './verdict.mjs'

/**
 * Lends a ledger, which stays where the verdict does not hold.
 *
 * @template {import('./verdict.mjs').Verdict} V
 * @param {string} name
 * @param {(path: string, ledger: { append(line: object): void }) => Promise<V>} use
 * @returns {Promise<V>}
 */
export async function withLedger(name, use) {
  const dir = mkdtempSync(join(tmpdir(), `zk-prove-${name}-`))
  const path = join(dir, 'ledger.jsonl')
  const ledger = openLedger(path)
  let keep = true
  try {
    const verdict = await use(path, ledger)
    keep = !verdict.holds
    return verdict
  } finally {
    ledger.close()
    if (keep) say(`The ledger is kept: ${dir}`)
    else rmSync(dir, { recursive: true })
  }
}
