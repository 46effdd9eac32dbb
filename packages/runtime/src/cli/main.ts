/** The command line: parses, runs one command, turns what it throws into a message and an exit code. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { report } from './report.js'
import type { EarlySignals } from './signals.js'
import { stdoutFailed, stdoutTaken } from './stdout.js'
import { withUsageErrors } from './usage.js'

/** How long a reader of stdout may take nothing of the last lines. */
const STDOUT_MS = 3_000
/** How long handles may take to close by themselves. */
const LINGER_MS = 2_000
/** Exit code of ZK_THREAD_UNSTOPPABLE. */
const UNSTOPPABLE = 5

export async function main(argv: readonly string[], early: EarlySignals): Promise<void> {
  const json = argv.includes('--json')
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as head may go before everything is written.
    if (error.code === 'EPIPE') process.exit()
    stdoutFailed(error)
  })
  try {
    const program = await createProgram(early, argv[2])
    await program.parseAsync([...argv])
  } catch (error) {
    process.exitCode = report(error, json)
  }
  if (!(await stdoutTaken(STDOUT_MS))) stdoutFailed(new Error('its reader takes nothing'))
  // Nothing of ours is left to do, and a thread in a blocking native call, or a client library that still waits for a
  // dead broker, must not keep the process. The code says that a thread could not be ended: no use in waiting for it.
  if (process.exitCode === UNSTOPPABLE) await exitNow()
  else setTimeout(() => void exitNow(), LINGER_MS).unref()
}

async function exitNow(): Promise<void> {
  const code = Number(process.exitCode ?? 0)
  const native = await import('@zk/native').catch(() => undefined)
  native?.exitNow(code)
  process.exit(code)
}

/** Each is loaded when it is asked for: all of them together take longer than what `run` needs. */
const commands: Readonly<Record<string, (early: EarlySignals) => Promise<Command>>> = {
  run: async (early) => (await import('./run-command.js')).runCommand(early),
  demo: async () => (await import('./demo-command.js')).demoCommand(),
  bench: async () => (await import('./bench-command.js')).benchCommand(),
  broker: async () => (await import('./broker-command.js')).brokerCommand(),
  dlt: async () => (await import('./dlt-command.js')).dltCommand(),
  doctor: async () => (await import('./doctor-command.js')).doctorCommand(),
  explain: async () => (await import('./explain-command.js')).explainCommand(),
}

/** @param asked the first word; the help, and what nobody knows, want all commands */
async function createProgram(early: EarlySignals, asked: string | undefined): Promise<Command> {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('zk')
    .description('Runs Kafka handlers in pinned worker threads: order by key, offsets that can be trusted.')
    .version(version)
    .addHelpText(
      'after',
      `
Examples:
  zk demo                                                    see it work, without a Kafka
  zk run ./processor.js --brokers localhost:9092 --topic orders --group billing
  zk bench ./processor.js                                    which speedup and concurrency pay for your handler
  zk explain ZK_TOPIC_NOT_FOUND                              what an error means and what to do

Exit codes: 0 drained, 1 bad configuration or failed start, 2 shutdown deadline passed, 3 fatal broker error or fenced,
4 stopped by its own policy, 5 a thread could not be ended, 130 or 143 a second signal.`,
    )
  const wanted = asked !== undefined && Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands)
  // Settings of the program are not inherited by commands that are added.
  for (const load of wanted) {
    const command = await load(early)
    program.addCommand(withUsageErrors(command, `zk ${command.name()}`))
  }
  return withUsageErrors(program, 'zk')
}
