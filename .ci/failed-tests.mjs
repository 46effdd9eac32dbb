// @ts-check
/**
 * Repeats the failed tests of the reports of Vitest that are given, each with its first message: a log is read from its end.
 *
 * node .ci/failed-tests.mjs <report>…
 */
import { existsSync, readFileSync } from 'node:fs'
import { relative } from 'node:path'

const LINES = 30

for (const path of process.argv.slice(2).filter((report) => existsSync(report))) {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'))
  for (const file of testResults) {
    const failed = file.assertionResults.filter((test) => test.status === 'failed')
    // A file that could not be loaded, or that failed outside of its tests, has a message of its own.
    if (failed.length === 0 && file.status === 'failed') print(file.name, file.message)
    for (const test of failed) print(`${relative('.', file.name)} > ${test.fullName}`, test.failureMessages[0])
  }
}

/** @param {string} name @param {string | undefined} message */
function print(name, message = '') {
  console.log(`\nFAILED ${name}\n${message.split('\n').slice(0, LINES).join('\n')}`)
}
