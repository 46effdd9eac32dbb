#!/usr/bin/env node
// @ts-check
/**
 * Plants bugs, one at a time, and sees whether the simulation finds them: `sim:mutants [--json] [--only <name>]`.
 *
 * Each patch in `mutants/` is applied to a temporary copy of the engine and of the simulation, which is built and run there
 * until a schedule is wrong. A patch that no longer applies, that does not build, or that is not found within 10,000
 * seeds fails. So does a copy without a patch in which something is found: it would be found in all the others, too.
 */
import { parseArgs } from 'node:util'
import { build, mutants, play, withCopy } from './planted.mjs'

const SEEDS = '1..10000'

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false }, only: { type: 'string' } } })

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} title the first line of the patch
 * @property {number} [seed] that found it
 * @property {string} [profile]
 * @property {string} [invariant]
 * @property {number} [shrunkTo] decisions
 * @property {number} seconds
 * @property {string} [failure] why it proves nothing
 */

/** @param {import('./planted.mjs').Mutant | undefined} mutant undefined: nothing is planted, and nothing may be found */
function prove(mutant) {
  const started = performance.now()
  const { name, title } = mutant ?? {
    name: '00-nothing',
    title: 'Nothing is planted: what is found then proves nothing.',
  }
  /** @type {Omit<Result, 'name' | 'title' | 'seconds'>} */
  let found
  try {
    const violation = withCopy(mutant, (copy) => {
      build(copy)
      return play(copy, SEEDS)
    })
    const { seed, profile, invariant, shrunkTo } = violation ?? {}
    found = violation === null ? {} : { seed, profile, invariant, shrunkTo }
    if (mutant === undefined && violation !== null) found.failure = `${invariant}, seed ${seed} (${profile}), unplanted`
    if (mutant !== undefined && violation === null) found.failure = `not found within ${SEEDS}`
  } catch (error) {
    found = { failure: error instanceof Error ? error.message : String(error) }
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10
  /** @type {Result} */
  const result = { name, title, ...found, seconds }
  const place = `${found.invariant}, seed ${found.seed} (${found.profile}), ${found.shrunkTo} decisions`
  const told = found.failure ?? (mutant === undefined ? 'nothing is found' : place)
  const line = `${name.padEnd(44)} ${told} · ${seconds} s\n`
  if (!values.json) process.stdout.write(line)
  else process.stderr.write(line)
  return result
}

const baseline = prove(undefined)
const chosen = mutants.filter(({ name }) => values.only === undefined || name.startsWith(values.only))
const results = baseline.failure === undefined ? chosen.map(prove) : []
const missed = results.filter(({ failure }) => failure !== undefined)
const holds = results.length > 0 && missed.length === 0
if (values.json) process.stdout.write(`${JSON.stringify({ holds, baseline, mutants: results })}\n`)
else process.stdout.write(`${results.length - missed.length} of ${chosen.length} found\n`)
if (!holds) process.exitCode = 1
