import { parseArgs } from 'node:util'
import { type CheckOptions, checkLedger, type LedgerVerdict } from './check-ledger.js'
import { type Invariant, invariants } from './invariant.js'

const usage = `zk-ledger <file> [--waive I2,I3] [--require I6] [--ordering key|partition] [--concurrency n] [--stall-ms n] [--ack-ms n] [--json]
Judges the ledger of a run. Exit code 0: accepted; 1: rejected; 2: wrong usage or unreadable file.
`

/** @returns the exit code. */
export function main(args: string[], print: (text: string) => void, complain: (text: string) => void): number {
  try {
    const { file, json, options } = parse(args)
    if (file === undefined) {
      print(usage)
      return 0
    }
    const verdict = checkLedger(file, options)
    print(json ? `${JSON.stringify(verdict)}\n` : table(verdict))
    return verdict.ok ? 0 : 1
  } catch (error) {
    complain(`${(error as Error).message}\n${usage}`)
    return 2
  }
}

function parse(args: string[]): { file: string | undefined; json: boolean; options: CheckOptions } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ waive: { type: 'string' }, require: { type: 'string' }, ordering: { type: 'string' } },
      ...{ concurrency: { type: 'string' }, 'stall-ms': { type: 'string' }, 'ack-ms': { type: 'string' } },
      ...{ json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    },
  })
  if (values.help) return { file: undefined, json: false, options: {} }
  if (positionals.length !== 1) throw new Error(`one ledger file expected, got ${positionals.length}`)
  const options: CheckOptions = { waive: list(values.waive), require: list(values.require) }
  if (values.ordering !== undefined) options.ordering = orderingOf(values.ordering)
  if (values.concurrency !== undefined) options.concurrency = count('concurrency', values.concurrency)
  if (values['stall-ms'] !== undefined) options.stallMs = count('stall-ms', values['stall-ms'])
  if (values['ack-ms'] !== undefined) options.ackMs = count('ack-ms', values['ack-ms'])
  return { file: positionals[0], json: values.json, options }
}

function list(text = ''): Invariant[] {
  const names = text.split(',').filter((name) => name !== '')
  for (const name of names) if (!(name in invariants)) throw new Error(`no such invariant: ${name}`)
  return names as Invariant[]
}

function orderingOf(text: string): 'key' | 'partition' {
  if (text === 'key' || text === 'partition') return text
  throw new Error(`--ordering is key or partition, not ${text}`)
}

function count(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} is a whole number from 1, not ${text}`)
  return value
}

function table(verdict: LedgerVerdict): string {
  const rows = Object.entries(verdict.invariants).map(([name, { state, evidence, contradiction }]) => {
    const text = contradiction ?? invariants[name as Invariant]
    return `${name}  ${state.padEnd(6)}  ${String(evidence).padStart(9)}  ${text}`
  })
  const counts = Object.entries(verdict.counts).map(([name, n]) => `${name} ${n}`)
  const result = verdict.ok ? 'accepted' : 'REJECTED'
  const unproven = verdict.unproven.map((name) => `${name} is required, and the ledger says nothing of it`)
  return `${[...rows, ...verdict.malformed, ...unproven, counts.join(', '), result].join('\n')}\n`
}
