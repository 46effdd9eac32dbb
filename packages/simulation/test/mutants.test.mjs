// @ts-check
import { expect, test } from 'vitest'
import { check, mutants, withCopy } from '../scripts/planted.mjs'

// Whether each is found takes minutes, and is for `sim:mutants`; whether it can be looked for at all is not.
test('every bug that can be planted still applies, and builds', { timeout: 120_000 }, () => {
  const failures = mutants.flatMap((mutant) => {
    try {
      withCopy(mutant, (copy) => check(copy, mutant))
      return []
    } catch (error) {
      return [`${mutant.name} ${error}`]
    }
  })
  expect(failures).toEqual([])
  expect(mutants.length).toBeGreaterThan(12)
})
