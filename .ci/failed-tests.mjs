// @ts-check
/**
 * Repeats the failed tests of the reports of Vitest that are given, each with its first message: a log is read from its end.
 * Those that passed at their second try are told too: each is a bug, of the test or of what it tests.
 *
 * node .ci/failed-tests.mjs <report>…
 */
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

const LINES = 30

for (const path of process.argv.slice(2).filter((report) => existsSync(report))) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'))
  for (const file of testResults) {
    // A file that could not be loaded, or that failed outside of its tests, has a message of its own.
    const hasFailed = file.assertionResults.some((/** @type {{ status: string }} */ { status }) => status === 'failed')
    if (file.status === 'failed' && !hasFailed) print(`FAILED ${relative('.', file.name)}`, file.message)
    for (const { status, fullName, failureMessages } of file.assertionResults) {
      if (failureMessages.length === 0 || status === 'skipped') continue
      const verdict = status === 'failed' ? 'FAILED' : 'PASSED AT THE SECOND TRY'
      print(`${verdict} ${relative('.', file.name)} > ${fullName}`, failureMessages[0])
    }
  }
}

/** @param {string} title @param {string | undefined} message */
function print(title, message = '') {
  console.log(`\n${title}\n${message.split('\n').slice(0, LINES).join('\n')}`)
}
