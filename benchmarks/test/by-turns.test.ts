import { expect, test } from 'vitest'
import { byTurns } from '../src/by-turns.js'

test('each side runs once a run, in an order that is turned round each time', async () => {
  const order: string[] = []
  const side = (name: string) => async () => order.push(name)
  const results = await byTurns(3, { a: side('a'), b: side('b'), c: side('c') }, () => {})
  expect(order.join('')).toBe('abccbaabc')
  // What each returned was its place: results stay in the order of the runs.
  expect(results).toEqual({ a: [1, 6, 7], b: [2, 5, 8], c: [3, 4, 9] })
})

test('what begins is told before it does', async () => {
  const told: string[] = []
  await byTurns(2, { own: async () => told.push('measured') }, (what) => told.push(what))
  expect(told).toEqual(['run 1 of 2: own', 'measured', 'run 2 of 2: own', 'measured'])
})

test('a side that fails ends the comparison', async () => {
  const failing = async () => {
    throw new Error('no broker')
  }
  await expect(byTurns(3, { failing }, () => {})).rejects.toThrow('no broker')
})
