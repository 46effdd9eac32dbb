import { CommanderError } from 'commander'
import { errors } from '../errors.js'
import { ZkError } from '../zk-error.js'
import { printJson } from './output.js'

/**
 * Says what ended a command: the event on stdout where JSON is wanted, the sentence on stderr.
 * @returns the exit code
 */
export function report(error: unknown, json: boolean): number {
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
