import { CommanderError } from 'commander'
import { errors } from '../errors.js'
import { ZkError } from '../zk-error.js'
import { printJson } from './output.js'

/**
 * Says what ended a command: the event on stdout where JSON is wanted, the sentence on stderr.
 * @returns the exit code
 */
export function report(error: unknown, json: boolean): number {
  // Help or the version, which have been printed; wrong usage is an error of ours.
  if (error instanceof CommanderError) return 0
  const known = ZkError.is(error) ? error : errors.ZK_INTERNAL('The command failed', { cause: error })
  if (json) printJson({ event: 'error', code: known.code, message: known.message })
  console.error(`${known.code}: ${known.message}`)
  if (known.code === 'ZK_INTERNAL') console.error(error)
  else console.error(`(zk explain ${known.code} says more)`)
  return known.exitCode
}
