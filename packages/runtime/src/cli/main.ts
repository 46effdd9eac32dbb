/** The command line: parses, runs one command, turns what it throws into a message and an exit code. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { errors } from '../errors.js'
import { ZkError } from '../zk-error.js'
import { benchCommand } from './bench-command.js'
import { brokerCommand } from './broker-command.js'
import { demoCommand } from './demo-command.js'
import { doctorCommand } from './doctor-command.js'
import { explainCommand } from './explain-command.js'
import { printJson } from './output.js'
import { runCommand } from './run-command.js'
import type { EarlySignals } from './signals.js'

export async function main(argv: readonly string[], early: EarlySignals): Promise<void> {
  const json = argv.includes('--json')
  try {
    await createProgram(early).parseAsync([...argv])
  } catch (error) {
    process.exitCode = report(error, json)
  }
}

function createProgram(early: EarlySignals): Command {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  const program = new Command('zk')
    .description('Runs Kafka handlers in pinned worker threads: order by key, offsets that can be trusted.')
    .version(version)
    .showHelpAfterError('(zk --help teaches)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Examples:
  zk demo                                                    see it work, without a Kafka
  zk run ./processor.js --brokers localhost:9092 --topic orders --group billing
  zk bench ./processor.js --speedup 1,2,4                    which speedup pays for your handler
  zk explain ZK_TOPIC_NOT_FOUND                              what an error means and what to do

Exit codes: 0 drained, 1 bad configuration or failed start, 2 shutdown deadline passed, 3 fatal broker error or fenced,
4 stopped by its own policy, 5 a thread could not be ended, 130 or 143 a second signal.`,
    )
  const commands = [
    runCommand(early),
    demoCommand(),
    benchCommand(),
    brokerCommand(),
    doctorCommand(),
    explainCommand(),
  ]
  for (const command of commands) program.addCommand(command.exitOverride())
  return program
}

/** @returns the exit code */
function report(error: unknown, json: boolean): number {
  if (error instanceof CommanderError) {
    // Help and version have been printed and are no errors; commander has printed the others.
    if (error.exitCode === 0) return 0
    if (json) printJson({ event: 'error', code: 'ZK_CLI_USAGE', message: error.message })
    return 1
  }
  const known = ZkError.is(error) ? error : errors.ZK_INTERNAL('The command failed', { cause: error })
  if (json) printJson({ event: 'error', code: known.code, message: known.message })
  console.error(`${known.code}: ${known.message}`)
  if (known.code === 'ZK_INTERNAL') console.error(error)
  else console.error(`(zk explain ${known.code} says more)`)
  return known.exitCode
}
