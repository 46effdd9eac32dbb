import { expect, test } from 'vitest'
import { CircuitLog } from '../../src/health/circuit-log.js'

test('one circuit for the work holds every partition, from its first opening until it closes', () => {
  const log = new CircuitLog('work')
  expect([log.holding(3), log.holdingAll(), log.stateOf(3)]).toEqual([undefined, undefined, 'closed'])
  log.changed('work', 'open', 1_000)
  log.changed('work', 'half-open', 2_000)
  log.changed('work', 'open', 3_000)
  expect(log.holding(3)).toEqual({ scope: 'work', state: 'open', since: 1_000 })
  expect([log.holdingAll(), log.stateOf(3)]).toEqual([log.holding(3), 'open'])
  log.changed('work', 'half-open', 4_000)
  log.changed('work', 'closed', 5_000)
  expect([log.holding(3), log.holdingAll(), log.stateOf(3)]).toEqual([undefined, undefined, 'closed'])
  log.changed('work', 'open', 9_000)
  expect(log.holding(3)).toMatchObject({ since: 9_000 })
  expect(log.changes).toEqual([
    ['open', 3],
    ['half-open', 2],
    ['closed', 1],
  ])
})

test('one for each partition holds that alone', () => {
  const log = new CircuitLog('partition')
  log.changed(3, 'open', 1_000)
  expect([log.stateOf(3), log.stateOf(4), log.holding(4), log.holdingAll()]).toEqual([
    'open',
    'closed',
    undefined,
    undefined,
  ])
})

test('without circuit breakers there is no state', () => {
  expect(new CircuitLog(undefined).stateOf(3)).toBeUndefined()
})
