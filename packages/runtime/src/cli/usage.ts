/** Wrong usage as an error of the runtime, with its code, instead of commander's own sentence. */
import type { Command, CommanderError } from 'commander'
import { errors } from '../errors.js'

/** @param name as it is typed, such as `zk run` */
export function withUsageErrors(command: Command, name: string): Command {
  return command.configureOutput({ outputError: () => {} }).exitOverride((error) => {
    // Help and the version have been printed, and were asked for.
    if (error.exitCode === 0) throw error
    throw errors.ZK_CLI_USAGE(whatIsWrong(error), `${name} --help`)
  })
}

function whatIsWrong({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'a command is missing'
  return withoutValues(message)
    .replace(/^error: /, '')
    .replaceAll('\n', ' ')
    .replace(/\.$/, '')
}

/**
 * commander repeats what it was given, and that may be a password: `--prop sasl.password:x`, `--sasl x`, `--options '{…}'`,
 * `--sasl.password=x`, `-px`.
 */
function withoutValues(message: string): string {
  return message
    .replace(/^(error: option '--(?:prop|sasl|options) [^']*') argument '.*' is invalid/s, '$1 has an invalid argument')
    .replace(/^(error: unknown option '[^'=:]*[=:]).*'/s, "$1…'")
    .replace(/^(error: unknown option '-[^-]).+?'(?= \(|$)/s, "$1…'")
}
