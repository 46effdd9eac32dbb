/** The command `zk` as a process of its own, whose lines and whose end can be waited for. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Events } from './events.js'
import { COMMIT_MS, quick, recorder, type Stage } from './stage.js'

const bin = fileURLToPath(new URL('../../../runtime/bin/zk.cjs', import.meta.url))

export type Printed = Record<string, unknown> & { event: string }

export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  /** Milliseconds from start to exit. */
  tookMs: number
}

export class Zk {
  readonly pid: number
  /** JSON lines of stdout. */
  readonly printed = new Events<Printed>()
  readonly log = new Events<string>()
  readonly exited: Promise<Exit>
  readonly #child: ChildProcess

  /** Another Node program, which prints JSON lines too. */
  static program(file: string, env: Record<string, string>): Zk {
    return new Zk([], env, file)
  }

  constructor(args: readonly string[], env: Record<string, string> = {}, file = bin) {
    const started = performance.now()
    this.#child = spawn(process.execPath, [file, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.pid = this.#child.pid!
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.printed.add(JSON.parse(line)))
    createInterface({ input: this.#child.stderr! }).on('line', (line) => this.log.add(line))
    this.exited = once(this.#child, 'close').then(([code, signal]) => ({
      code,
      signal,
      tookMs: performance.now() - started,
    }))
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  last(): Printed {
    return this.printed.all.at(-1)!
  }

  stderr(): string {
    return this.log.all.join('\n')
  }

  /** For `afterEach`: nothing outlives its test. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exited
  }
}

export interface ZkRunOptions {
  topic: string
  group: string
  /** The recorder's. */
  options: object
  args?: readonly string[]
  env?: Record<string, string>
  /** Default: the recorder. */
  processor?: string
}

/** `zk run --json` with the recorder on a stage. */
export function zkRun(
  stage: Stage,
  { topic, group, options, args = [], env = {}, processor = fileURLToPath(recorder) }: ZkRunOptions,
): Zk {
  const file = join(stage.folder(), 'options.json')
  writeFileSync(file, JSON.stringify(options))
  const own = args.includes('consumer') ? {} : quick
  const props = Object.entries({ ...own, 'auto.commit.interval.ms': COMMIT_MS }).flatMap(([name, value]) => [
    '--prop',
    `${name}=${value}`,
  ])
  const where = ['--brokers', stage.bootstrapServers, '--topic', topic, '--group', group]
  const zk = new Zk(['run', processor, ...where, '--json', '--options', file, ...props, ...args], env)
  stage.alsoEnd(zk)
  return zk
}
