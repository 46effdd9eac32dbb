import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type LedgerWriter, ledgerNow } from '../../src/ledger/writer.js'

const zk = fileURLToPath(new URL('../../../runtime/bin/zk.cjs', import.meta.url))
const processor = fileURLToPath(new URL('../../processors/ledger.mjs', import.meta.url))

export interface ZkOptions {
  bootstrapServers: string
  topic: string
  group: string
  /** The file, for its handlers; and where this side says how the process ended. */
  ledger: { path: string; writer: LedgerWriter }
  args?: string[]
  env?: Record<string, string>
}

/** `zk run` with the ledger processor, as a process of its own. How it ends goes into the ledger. */
export class ZkProcess {
  readonly pid: number
  /** Resolves with the events that it printed, when it has ended. */
  readonly ended: Promise<Record<string, unknown>[]>
  readonly #child: ChildProcess
  readonly #ledger: LedgerWriter

  constructor({ bootstrapServers, topic, group, ledger, args = [], env = {} }: ZkOptions, expectedCode = 0) {
    const where = ['--brokers', bootstrapServers, '--topic', topic, '--group', group]
    this.#child = spawn(process.execPath, [zk, 'run', processor, ...where, '--json', ...args], {
      env: { LOG_LEVEL: 'warn', ...process.env, ...env, LEDGER: ledger.path },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.pid = this.#child.pid!
    this.#ledger = ledger.writer
    this.ended = this.#end(expectedCode)
  }

  async #end(expectedCode: number): Promise<Record<string, unknown>[]> {
    let out = ''
    this.#child.stdout!.setEncoding('utf8').on('data', (text) => {
      out += text
    })
    const [code] = await once(this.#child, 'close')
    // Ended by SIGKILL: the killed line says it all.
    if (code !== null) this.#ledger.append({ type: 'exit', pid: this.pid, code, expectedCode, at: ledgerNow() })
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
    this.#ledger.append({ type: 'killed', pid: this.pid, signal, at: ledgerNow() })
  }
}
