/** Counts what held and what did not, with the time that each step took. Progress goes to stderr, stdout is the count. */
export function createSteps() {
  let passed = 0
  let failed = 0
  const started = performance.now()

  return {
    /**
     * @param {string} promise what holds when `body` does not throw
     * @param {() => unknown} body
     * @returns {Promise<boolean>} whether it held
     */
    async step(promise, body) {
      const from = performance.now()
      let problem
      try {
        await body()
      } catch (error) {
        problem = error instanceof Error ? (error.stack ?? error.message) : String(error)
      }
      problem === undefined ? passed++ : failed++
      process.stderr.write(`${problem === undefined ? 'ok    ' : 'FAILED'} ${promise} (${seconds(from)})\n`)
      if (problem !== undefined) process.stderr.write(`${indent(problem)}\n`)
      return problem === undefined
    },

    /** @returns {number} the exit code */
    conclude() {
      process.stderr.write(`all in ${seconds(started)}\n`)
      process.stdout.write(`${passed} passed, ${failed} failed\n`)
      return failed === 0 && passed > 0 ? 0 : 1
    },
  }
}

/** @param {number} from */
function seconds(from) {
  return `${((performance.now() - from) / 1000).toFixed(1)} s`
}

/** @param {string} text */
function indent(text) {
  return text.replace(/^/gm, '       ')
}

/**
 * @param {unknown} condition
 * @param {string} problem
 */
export function expect(condition, problem) {
  if (!condition) throw new Error(problem)
}

/**
 * @param {unknown} found
 * @param {unknown} wanted
 * @param {string} what
 */
export function equal(found, wanted, what) {
  if (found !== wanted) throw new Error(`${what}: ${found}, expected ${wanted}`)
}
