import { describe, expect, test } from 'vitest'
import { story } from './story.js'

describe('takes', () => {
  test('a partition that two processes work on in turn, with what is finished above the commit', () => {
    const { checker, began, process, commit } = story()
    const first = began(0)
    process(first, 0, 1, 3)
    commit(first, 2, [3, 4])
    checker.over(first, 'inOrder')
    const second = began(1, 2, [3, 4])
    process(second, 2, 4)
    commit(second, 5)
    checker.complete()
  })

  test('records that a crash left uncommitted, once more', () => {
    const { checker, began, process } = story()
    const first = began(0)
    process(first, 0, 1)
    checker.over(first, 'crashed')
    process(began(1), 0, 1, 2, 3, 4)
    expect(Object.fromEntries(checker.repeats)).toEqual({ crashed: 2 })
  })
})

describe('I1 refuses', () => {
  test('an offset above a record that has not ended', () => {
    const { checker, began, process } = story()
    const tenure = began(0)
    process(tenure, 0, 1, 3)
    expect(() => checker.stored(tenure, 0, 4, [])).toThrow('0/4 is stored, but 2 has not ended')
  })

  test('a record that is told to be finished and is not', () => {
    const { checker, began, process } = story()
    const tenure = began(0)
    process(tenure, 1)
    expect(() => checker.stored(tenure, 0, 0, [1, 3])).toThrow('0/2 is told to be finished')
  })

  test('a record that ended under an older assignment only', () => {
    const { checker, began, process } = story()
    const first = began(0)
    process(first, 0)
    checker.over(first, 'lost')
    const second = began(0)
    expect(() => checker.stored(second, 0, 1, [])).toThrow('0/1 is stored, but 0 has not ended')
  })

  test('a record that was read by nobody and lies below a commit', () => {
    const { checker } = story()
    const tenure = checker.began(0, 0, 0, [], true)
    expect(() => checker.taken(tenure, 1, [])).toThrow('0/0 lies below commit 1 and never ended')
  })

  test('an end at which a record is left', () => {
    const { checker, began, process } = story()
    process(began(0), 0, 1, 2, 3)
    expect(() => checker.complete()).toThrow('0/4')
  })
})

describe('I2 refuses', () => {
  test('a record before one of its key that comes earlier', () => {
    const { checker, began, process } = story()
    const tenure = began(0)
    process(tenure, 2)
    expect(() => checker.started(tenure, 0, 0, 1, 0)).toThrow('0/0 starts after 2 of its key')
  })

  test('a record after one of its key whose thread died over it', () => {
    const { checker, began } = story()
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0)
    checker.stopped(tenure, 0)
    expect(() => checker.started(tenure, 2, 0, 1, 0)).toThrow('0/2 starts although 0 of its key has not ended')
  })

  test('a first start that comes after a later record of the key, in whichever process', () => {
    const { checker, began, process } = story()
    const first = began(0)
    process(first, 2)
    checker.over(first, 'late')
    const second = began(1)
    expect(() => checker.started(second, 0, 0, 1, 0)).toThrow('0/0 starts for the first time after 0/2 of its key')
  })
})

describe('of a batch, I2 refuses', () => {
  const TWICE = { attempts: 2 }

  /** A handler has records 0, 2 and 4, all of one key. */
  function batched(limits: Parameters<typeof story>[0] = TWICE) {
    const told = story({ ...limits, window: { maxMessages: 5, maxBytes: 1_000 } })
    const tenure = told.began(0)
    const batch = {}
    for (const record of [0, 2, 4]) told.checker.started(tenure, record, 0, 1, 0, batch)
    return { ...told, tenure, batch }
  }

  test('but not records of a key together and in order, nor that they run again behind one that is tried again', () => {
    const { checker, tenure } = batched()
    checker.ended(tenure, 0)
    checker.putBack(tenure, 4)
    checker.parked(tenure, 2, 0)
    const again = {}
    checker.started(tenure, 2, 0, 2, 0, again)
    checker.started(tenure, 4, 0, 1, 0, again)
    checker.ended(tenure, 2)
    checker.ended(tenure, 4)
  })

  test('a record that is finished before one of its key', () => {
    const { checker, tenure } = batched()
    checker.parked(tenure, 0, 0)
    expect(() => checker.ended(tenure, 2)).toThrow('0/2 is finished before 0/0 of its key')
    expect(() => checker.failed(tenure, 4, 0)).toThrow('0/4 is finished before 0/0 of its key')
  })

  test('a record that runs again before one of its key that has to', () => {
    const { checker, tenure } = batched()
    for (const record of [0, 2, 4]) checker.putBack(tenure, record)
    expect(() => checker.started(tenure, 2, 0, 1, 0)).toThrow('0/2 starts although 0 of its key has not ended')
  })

  test('records of a key in the wrong order', () => {
    const { checker, began } = story()
    const tenure = began(0)
    const batch = {}
    checker.started(tenure, 2, 0, 1, 0, batch)
    expect(() => checker.started(tenure, 0, 0, 1, 0, batch)).toThrow('0/0 starts after 2 of its key')
  })

  test('a record that is finished behind one whose failure stops the work', () => {
    const { checker, tenure } = batched({ onExhausted: 'stop' })
    checker.failed(tenure, 0, 0)
    expect(() => checker.ended(tenure, 2)).toThrow('one before it of its key is left to be tried again')
  })

  test('but not behind one that has a dead letter', () => {
    const { checker, tenure } = batched({ onExhausted: 'stop', deadLetters: true })
    checker.failed(tenure, 0, 0)
    checker.ended(tenure, 2)
  })

  test('and I3 a record that runs in another batch meanwhile', () => {
    const { checker, began } = story()
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0, {})
    expect(() => checker.started(tenure, 2, 0, 1, 0, {})).toThrow('0/2 starts while 0/0 of its key runs')
  })
})

describe('I3 refuses', () => {
  test('two records of a key at once in one process, whatever happened to its assignment', () => {
    const { checker, began } = story()
    const first = began(0)
    checker.started(first, 0, 0, 1, 0)
    checker.over(first, 'lost')
    const second = began(0)
    expect(() => checker.started(second, 0, 0, 1, 0)).toThrow('starts while 0/0 of its key runs')
  })

  test('two records of a key at once in two processes of which none was given up', () => {
    const { checker, began } = story()
    const first = began(0)
    checker.started(first, 0, 0, 1, 0)
    checker.over(first, 'inOrder')
    const second = began(1)
    expect(() => checker.started(second, 0, 0, 1, 0)).toThrow('starts in process 1 while 0/0 of its key runs in 0')
  })

  test('but not a process that goes on because it does not know that it was given up', () => {
    const { checker, began } = story()
    const first = began(0)
    checker.started(first, 0, 0, 1, 0)
    checker.givenUp(0)
    const second = began(1)
    checker.started(second, 0, 0, 1, 0)
  })
})

describe('I4 refuses', () => {
  test('a record that starts again under the same assignment', () => {
    const { checker, began, process } = story()
    const tenure = began(0)
    process(tenure, 0)
    expect(() => checker.started(tenure, 0, 0, 1, 0)).toThrow('0/0 starts again after it ended')
  })

  test('a record that a commit says is finished', () => {
    const { checker, began } = story()
    const tenure = began(0, 0, [3, 4])
    expect(() => checker.started(tenure, 3, 0, 1, 0)).toThrow('0/3 starts, which a commit says is finished')
  })

  test('what had finished and is not committed after an end in good order', () => {
    const { checker, began, process, commit } = story()
    const tenure = began(0)
    process(tenure, 0, 1)
    commit(tenure, 1)
    expect(() => checker.over(tenure, 'inOrder')).toThrow('0 is left at 1, though 1 has ended')
  })

  test('a drain that is told to be over while a handler runs', () => {
    const { checker, began } = story()
    const tenure = began(0)
    checker.started(tenure, 0, 0, 1, 0)
    expect(() => checker.drained(tenure)).toThrow('1 handlers run')
  })
})

describe('I5 refuses', () => {
  test('offsets that go back', () => {
    const { checker, began, process, commit } = story()
    const tenure = began(0)
    process(tenure, 0, 1)
    commit(tenure, 2)
    expect(() => checker.stored(tenure, 0, 1, [])).toThrow('0/1 is stored after 2')
    expect(() => checker.taken(tenure, 1, [])).toThrow('0/1 is committed after 2')
  })

  test('a store after the assignment was lost, and a start', () => {
    const { checker, began, process } = story()
    const tenure = began(0)
    process(tenure, 0)
    checker.over(tenure, 'lost')
    expect(() => checker.stored(tenure, 0, 1, [])).toThrow('is stored, which is not ours')
    expect(() => checker.stored(undefined, 0, 1, [])).toThrow('is stored, which is not ours')
    expect(() => checker.started(tenure, 1, 0, 1, 0)).toThrow('of an assignment that is over')
  })

  test('a commit of an older owner that comes late', () => {
    const { checker, began, process, commit } = story()
    const first = began(0)
    process(first, 0, 1)
    checker.over(first, 'crashed')
    const second = began(1)
    process(second, 0)
    commit(second, 1)
    expect(() => checker.taken(first, 2, [])).toThrow('0/2 is committed after 1')
  })

  test('a start after time was up', () => {
    const { checker, began } = story()
    const tenure = began(0)
    checker.halted(tenure)
    expect(() => checker.started(tenure, 0, 0, 1, 0)).toThrow('after its partition was halted')
  })

  test('two owners', () => {
    const { began } = story()
    began(0)
    expect(() => began(1)).toThrow('partition 0 is given to 1 while 0 has it')
  })
})

test('I6 says what has not moved', () => {
  const { checker } = story()
  expect(() => checker.stalled('nothing moves')).toThrow('nothing moves')
})

test('I6 refuses a partition whose records wait while others have the window', () => {
  const { checker, began, process } = story()
  const tenure = began(0)
  process(tenure, 0)
  expect(() => checker.served(tenure)).toThrow('0/1 waits')
  checker.inThread(tenure, 1)
  checker.served(tenure)
})

test('I7 refuses more messages and more bytes in threads than the window has', () => {
  const { checker, began } = story()
  const tenure = began(0)
  checker.inThread(tenure, 0)
  checker.inThread(tenure, 1)
  expect(() => checker.inThread(tenure, 2)).toThrow('3 messages in a window of 2')
  const small = story({ window: { maxMessages: 5, maxBytes: 15 } })
  const other = small.began(0)
  small.checker.inThread(other, 0)
  expect(() => small.checker.inThread(other, 1)).toThrow('20 bytes in a window of 15')
})

test('I7 refuses a read that goes on as far ahead of an unfinished record as reading may be', () => {
  const { checker, began, process } = story({ maxUncommittedRecords: 3, ordering: 'none' })
  const tenure = began(0)
  process(tenure, 0, 1, 3, 4)
  expect(() => checker.readsOn(tenure)).toThrow(
    'partition 0 is read on, 3 records from its oldest unfinished one, of 3',
  )
  process(tenure, 2)
  checker.readsOn(tenure)
  const told = story({ maxUncommittedRecords: 3, ordering: 'none' })
  const next = told.began(0, 1, [2, 4])
  expect(() => told.checker.readsOn(next)).toThrow('4 records from its oldest')
  told.process(next, 1)
  told.checker.readsOn(next)
})

test('I8 refuses what is left of an idle process', () => {
  const { checker } = story()
  const nothing = { messages: 0, bytes: 0, rows: 0, load: 0 }
  checker.idle(0, nothing)
  for (const left of Object.keys(nothing)) {
    expect(() => checker.idle(0, { ...nothing, [left]: 1 }), left).toThrow('process 0 keeps')
  }
})
