#!/usr/bin/env node
/**
 * `sim --seeds 1..10000 [--profile name|all] [--json]` plays schedules until one is wrong; that one is shrunk, told, and
 * the exit code is 1. `sim --seed 42 [--profile name] [--trace]` plays one.
 */
import { parseArgs } from 'node:util'
import { type Profile, profileOf, profiles } from './profiles.js'
import { hex, toJson, toStory, toText } from './report.js'
import { play } from './schedule.js'
import { playSeeds, profileFor, type Range } from './seeds.js'
import { shrink } from './shrink.js'

const USAGE = `usage: sim --seeds <from>..<to> [--profile <name>|all] [--json]
       sim --seed <n> [--profile <name>] [--trace]
profiles: ${profiles.map(({ name }) => name).join(', ')}
`

function main(): number {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      profile: { type: 'string', default: 'all' },
      json: { type: 'boolean', default: false },
      trace: { type: 'boolean', default: false },
    },
  })
  const profile = values.profile === 'all' ? undefined : profileOf(values.profile)
  if (values.profile !== 'all' && profile === undefined) return wrongUsage(`there is no profile ${values.profile}`)
  if (values.seed !== undefined) return playOne(Number(values.seed), profile, values.trace)
  const range = rangeOf(values.seeds ?? '1..10000')
  if (range === undefined) return wrongUsage(`${values.seeds} is no range of seeds`)
  return playMany(range, profile, values.json)
}

function playOne(seed: number, profile: Profile | undefined, trace: boolean): number {
  if (!Number.isSafeInteger(seed)) return wrongUsage('a seed is a whole number')
  const chosen = profileFor(seed, profile)
  const outcome = play(chosen, seed, { tracing: trace })
  const found = outcome.found === undefined ? 'no violation' : `${outcome.found.invariant}: ${outcome.found.message}`
  process.stdout.write(
    trace
      ? `${toStory(chosen.name, outcome)}\nhash ${hex(outcome.hash)}, ${found}\n`
      : `seed ${seed}, profile ${chosen.name}: ${outcome.events} events, hash ${hex(outcome.hash)}, ${found}\n`,
  )
  return outcome.found === undefined ? 0 : 1
}

function playMany(range: Range, profile: Profile | undefined, json: boolean): number {
  const clock = () => performance.now()
  let told = clock()
  const summary = playSeeds(range, profile, clock, ({ schedules, milliseconds }) => {
    if (clock() - told < 2_000) return
    told = clock()
    const perSecond = Math.round((schedules * 1000) / milliseconds)
    process.stderr.write(`${schedules} of ${range.to - range.from + 1} schedules, ${perSecond}/s\n`)
  })
  const { failing } = summary
  const shrunk = failing === undefined ? undefined : shrink(failing.profile, failing.outcome)
  if (json) process.stdout.write(`${JSON.stringify(toJson(summary, shrunk))}\n`)
  else {
    process.stdout.write(`${toText(summary)}\n`)
    if (failing !== undefined && shrunk !== undefined) {
      const { seed, faulty } = failing.outcome
      process.stdout.write(
        `\nVIOLATION, shrunk from ${faulty} decisions to ${shrunk.faulty}; whole: ` +
          `pnpm sim --seed ${seed} --profile ${failing.profile.name} --trace\n${toStory(failing.profile.name, shrunk)}\n`,
      )
    } else {
      process.stdout.write('\nno violation\n')
    }
  }
  return failing === undefined ? 0 : 1
}

function rangeOf(text: string): Range | undefined {
  const match = /^(\d+)\.\.(\d+)$/.exec(text)
  if (match === null) return undefined
  const [from, to] = [Number(match[1]), Number(match[2])]
  return from <= to ? { from, to } : undefined
}

function wrongUsage(why: string): number {
  process.stderr.write(`${why}\n${USAGE}`)
  return 2
}

process.exitCode = main()
