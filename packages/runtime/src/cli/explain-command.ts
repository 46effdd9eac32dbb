import { Command } from 'commander'
import { errors } from '../errors.js'
import { explainError } from '../explain-error.js'
import { printJson } from './output.js'

export function explainCommand(): Command {
  return new Command('explain')
    .description('Prints what an error code means, why it happens and what to do.')
    .argument('<code>', 'an error code, such as ZK_TOPIC_NOT_FOUND')
    .option('--json', 'one JSON object instead of text')
    .action((code: string, { json }: { json?: boolean }) => {
      const page = explainError(code.toUpperCase())
      if (page === undefined) throw errors.ZK_UNKNOWN_CODE(code)
      if (json) printJson({ event: 'explain', code: code.toUpperCase(), page })
      else console.log(page)
    })
}
