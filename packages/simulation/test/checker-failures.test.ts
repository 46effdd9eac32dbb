import { describe, expect, test } from 'vitest'
import { story } from './story.js'

const TRIED_TWICE = { attempts: 2 }
const circuit = { after: 2, forMs: 100, scope: 'work' as const }

/** A process that has a circuit breaker and knows it. */
function breaker(attempts = 1) {
  const told = story({ circuit, attempts, onExhausted: 'complete' })
  const tenure = told.began(0)
  const circuits = told.checker.circuitsOf(0)
  return {
    ...told,
    tenure,
    circuits,
    start(record: number, thread = 0) {
      told.checker.published(tenure, record)
      told.checker.started(tenure, record, thread, 1, 0)
    },
    fail(record: number) {
      told.checker.failed(tenure, record, 0)
    },
  }
}

/** As that, and two records have failed for good. */
function opened(attempts = 1) {
  const told = breaker(attempts)
  const { checker, circuits, tenure, start, fail } = told
  for (const record of [0, 1]) {
    start(record)
    fail(record)
    if (record === 1) circuits.told('work', 'closed', 'open')
    checker.exhausted(tenure, record, false)
  }
  return told
}

/** As that, and the first of two attempts of a third is the probe. */
function probed() {
  const told = opened(2)
  const { circuits, start } = told
  for (const now of [0, 100]) circuits.tick(now)
  circuits.told('work', 'open', 'half-open')
  circuits.ticked()
  start(2)
  return told
}

describe('takes', () => {
  test('a record that succeeds at its last attempt, and one that fails at it', () => {
    const { checker, began } = story(TRIED_TWICE)
    const tenure = began(0)
    for (const record of [0, 1]) {
      checker.started(tenure, record, 0, 1, 0)
      checker.parked(tenure, record, 0)
      checker.started(tenure, record, 0, 2, 0)
      if (record === 0) checker.ended(tenure, record)
      else checker.failed(tenure, record, 0)
    }
    checker.exhausted(tenure, 1, false)
    checker.stored(tenure, 0, 2, [])
  })

  test('a later record of the key while the dead letter of the one before is on its way', () => {
    const { checker, began } = story({ deadLetters: true })
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0)
    checker.failed(tenure, 0, 0)
    checker.exhausted(tenure, 0, true)
    checker.started(tenure, 2, 0, 1, 0)
    checker.ended(tenure, 2)
    expect(() => checker.stored(tenure, 0, 1, [])).toThrow('0/1 is stored, but 0 has not ended')
    checker.deadLettered(tenure, 0)
    checker.stored(tenure, 0, 1, [])
  })

  test('a probe, and the circuit that its success closes', () => {
    const { checker, circuits, tenure, start } = opened()
    for (const now of [0, 100]) circuits.tick(now)
    circuits.told('work', 'open', 'half-open')
    circuits.ticked()
    start(2)
    checker.ended(tenure, 2)
    circuits.told('work', 'half-open', 'closed')
    checker.completed(tenure, 2, 'done')
    start(3)
  })
})

describe('takes of a probe that is tried again', () => {
  test('that the circuit opens again at the next look', () => {
    const { checker, circuits, tenure } = probed()
    checker.parked(tenure, 2, 0)
    circuits.tick(110)
    circuits.told('work', 'half-open', 'open')
    circuits.ticked()
  })

  test('that it closes where the error asks not to be counted', () => {
    const { checker, circuits, tenure, start } = probed()
    checker.parked(tenure, 2, 8)
    circuits.tick(110)
    circuits.told('work', 'half-open', 'closed')
    circuits.ticked()
    start(3)
  })

  test('that it opens with the death of its thread', () => {
    const { checker, circuits, tenure } = probed()
    checker.stopped(tenure, 2)
    checker.died([{ tenure, record: 2 }], false, undefined)
    circuits.told('work', 'half-open', 'open')
    circuits.tick(110)
    circuits.ticked()
  })

  test('that nothing comes of it where it was handed back, or its partition was cut', () => {
    for (const how of ['handed back', 'cut'] as const) {
      const { checker, circuits, tenure } = probed()
      checker.parked(tenure, 2, 0)
      if (how === 'cut') checker.cut(0, 0, tenure)
      else checker.handedBack(tenure, 2)
      circuits.tick(110)
      circuits.ticked()
    }
  })
})

describe('I1 refuses', () => {
  test('a failure that is called final while attempts are left', () => {
    const { checker, began } = story(TRIED_TWICE)
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0)
    checker.parked(tenure, 0, 0)
    expect(() => checker.exhausted(tenure, 0, false)).toThrow('0/0 is called failed after 1 of 2 attempts')
  })

  test('one that only ran beside others when their thread died', () => {
    const { checker, began } = story()
    const tenure = began(0)
    for (const record of [0, 1]) checker.started(tenure, record, 0, 1, 0)
    for (const record of [0, 1]) checker.stopped(tenure, record)
    const ran = [0, 1].map((record) => ({ tenure, record }))
    checker.died(ran, false, undefined)
    expect(() => checker.exhausted(tenure, 0, false)).toThrow('0/0 is called failed after 0 of 1 attempts')
  })

  test('but not one that was alone, or is known to be guilty', () => {
    const { checker, began } = story()
    const tenure = began(0)
    checker.died([{ tenure, record: 0 }], false, undefined)
    checker.exhausted(tenure, 0, false)
    const ran = [1, 2].map((record) => ({ tenure, record }))
    checker.died(ran, false, ran.slice(0, 1))
    checker.exhausted(tenure, 1, false)
    expect(() => checker.exhausted(tenure, 2, false)).toThrow('after 0 of 1 attempts')
  })

  test('a record that is completed and has not ended', () => {
    const { checker, began } = story()
    expect(() => checker.completed(began(0), 0, 'done')).toThrow('is completed as done and has not ended')
  })
})

describe('I9 refuses', () => {
  test('an attempt with the wrong number, and one too many', () => {
    const { checker, began } = story(TRIED_TWICE)
    const tenure = began(0)
    expect(() => checker.started(tenure, 1, 0, 2, 0)).toThrow('attempt 2 of 0/1 starts after 0 that were charged')
    for (const attempt of [1, 2]) {
      checker.started(tenure, 0, 0, attempt, 0)
      checker.parked(tenure, 0, 0)
    }
    expect(() => checker.started(tenure, 0, 0, 3, 0)).toThrow('0/0 is tried for the 3. time')
  })

  test('a record that has failed for good', () => {
    const { checker, began } = story({ onExhausted: 'stop' })
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0)
    checker.failed(tenure, 0, 0)
    expect(() => checker.started(tenure, 0, 0, 2, 0)).toThrow('0/0 starts although it has failed for good')
  })

  test('company for a suspect, and none once it was acquitted', () => {
    const { checker, began } = story()
    const tenure = began(0)
    const ran = [0, 1].map((record) => ({ tenure, record }))
    checker.died(ran, false, undefined)
    checker.started(tenure, 0, 0, 1, 0)
    expect(() => checker.started(tenure, 3, 0, 1, 0)).toThrow('0/3 and 0/0 run in one thread, one of them a suspect')
  })

  test('company for a record that may kill the process, and a start of one that has done so often enough', () => {
    const { checker, began } = story({ processDeathLimit: 2 })
    const tenure = began(0)
    checker.marked(tenure, 0, 1)
    checker.started(tenure, 0, 0, 1, 0)
    expect(() => checker.started(tenure, 1, 1, 1, 0)).toThrow('run in a process that one of them may kill')
    const other = story({ processDeathLimit: 2 })
    const next = other.began(0)
    other.checker.marked(next, 3, 2)
    expect(() => other.checker.started(next, 3, 0, 1, 0)).toThrow('0/3 starts, which has killed processes')
  })

  test('a start before its time', () => {
    const { checker, log, records } = story({ delayMs: 50 })
    records.timestamp[0] = 100
    const tenure = checker.began(0, 0, 0, [], true)
    for (const record of log.ids) checker.opened(tenure, record, 120)
    checker.started(tenure, 1, 0, 1, 121)
    expect(() => checker.started(tenure, 0, 0, 1, 149)).toThrow('0/0 starts 1 ms before its time')
  })

  test('a dead letter that nobody wants, or none where there should be one', () => {
    const { checker, began } = story()
    const tenure = began(0)
    checker.died([{ tenure, record: 0 }], false, undefined)
    expect(() => checker.exhausted(tenure, 0, true)).toThrow('dead letter true, not false')
  })

  test('a start while the circuit is open', () => {
    const { start } = opened()
    expect(() => start(2)).toThrow('0/2 starts while its circuit is open')
  })

  test('a second start beside the probe, and a circuit that does not half-open', () => {
    const { circuits, start } = opened()
    for (const now of [0, 100]) circuits.tick(now)
    expect(() => circuits.ticked()).toThrow('the circuit of the work is open, not half-open')
    start(2)
    expect(() => start(3, 1)).toThrow('0/3 starts beside a probe')
  })

  test('a start after a probe that has failed with attempts left, and a circuit that stays half-open by it', () => {
    const { checker, circuits, tenure, start } = probed()
    checker.parked(tenure, 2, 0)
    expect(() => start(3)).toThrow('0/3 starts after a probe that has failed')
    circuits.tick(110)
    expect(() => circuits.ticked()).toThrow('the circuit of the work is half-open, not open')
  })

  test('a circuit that does not open, or opens too early', () => {
    const late = breaker()
    for (const record of [0, 1]) {
      late.start(record)
      late.fail(record)
    }
    late.checker.exhausted(late.tenure, 0, false)
    expect(() => late.checker.exhausted(late.tenure, 1, false)).toThrow('the circuit of the work is closed, not open')
    const early = breaker()
    early.start(0)
    early.fail(0)
    early.circuits.told('work', 'closed', 'open')
    expect(() => early.checker.exhausted(early.tenure, 0, false)).toThrow('the circuit of the work is open, not closed')
  })
})

describe('a work that stops', () => {
  const letter = ({ checker, began }: ReturnType<typeof story>) => {
    const tenure = began(0)
    return {
      done(record: number) {
        checker.started(tenure, record, 0, 1, 0)
        checker.ended(tenure, record)
        checker.completed(tenure, record, 'done')
      },
      fail(record: number) {
        checker.started(tenure, record, 0, 1, 0)
        checker.failed(tenure, record, 0)
      },
      write: (record: number) => checker.exhausted(tenure, record, true),
    }
  }
  const flood = { maxRatio: 0.5, window: 2 }

  test('does so at the dead letter that is one too many, and writes it no more', () => {
    for (const stops of [true, false]) {
      const told = story({ deadLetters: true, flood })
      const { done, fail, write } = letter(told)
      done(0)
      fail(1)
      write(1)
      fail(2)
      if (stops) told.checker.stops.told(0, 'dead-letter-flood')
      else expect(() => write(2)).toThrow('process 0 writes a dead letter too many')
    }
  })

  test('does not do so for fewer, nor where nobody asked for that', () => {
    const told = story({ deadLetters: true, flood })
    const { done, fail } = letter(told)
    done(0)
    fail(1)
    expect(() => told.checker.stops.told(0, 'dead-letter-flood')).toThrow('a dead-letter-flood that is none')
    const { checker } = story()
    expect(() => checker.stops.told(0, 'dead-letter-flood')).toThrow('a dead-letter-flood that is none')
  })

  test('does so at the third death in a row of a thread that runs nothing', () => {
    const { checker } = story()
    const { stops } = checker
    for (const thread of [0, 0, 1]) stops.diedIdle(0, thread)
    stops.settled()
    expect(() => stops.told(0, 'crash-loop')).toThrow('a crash-loop that is none')
    stops.heardOf(0, 0)
    stops.diedIdle(0, 0)
    stops.settled()
    for (const thread of [1, 1]) stops.diedIdle(0, thread)
    expect(() => stops.settled()).toThrow('process 0 does not stop for its crash-loop')
    stops.told(0, 'crash-loop')
    stops.settled()
  })

  test('does so for a record that failed for good where that is the policy', () => {
    const { checker, began } = story({ onExhausted: 'stop' })
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0)
    checker.failed(tenure, 0, 0)
    checker.exhausted(tenure, 0, false)
    expect(() => checker.stops.settled()).toThrow('process 0 does not stop for its record-failed')
    checker.stops.told(0, 'record-failed')
    checker.stops.settled()
    expect(() => checker.stops.told(0, 'record-failed')).toThrow('a record-failed that is none')
  })
})
