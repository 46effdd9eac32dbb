/** Hooks around the writing of letters: when they are asked, and what they may change. */
import { describe, expect, test, vi } from 'vitest'
import { MainThread } from '../../../src/health/main-thread.js'
import { openWriteHooks } from '../../../src/hooks/write-hooks.js'
import { logger, open, producer, REFUSED, type Sent, TOO_LARGE, writer } from './refusing-topic.js'

describe('hooks', () => {
  const hooked = (preWrite: () => object) => {
    const postAck = vi.fn()
    const writes = openWriteHooks({ hooks: { preWrite, postAck }, groupId: 'g', mainThread: new MainThread(logger) })
    return { postAck, ...writer(open({ writes })) }
  }
  const headersOf = ({ record }: Sent) => new Map(record.headers.map(([name, value]) => [name, String(value)]))

  test('preWrite is asked once for a letter, however often it is tried, and postAck hears of each try', () => {
    const preWrite = vi.fn(() => ({ headers: { by: 'hook' } }))
    const { postAck, write } = hooked(preWrite)
    write(1)
    const first = producer.take()[0]!
    first.report(REFUSED)
    vi.advanceTimersByTime(1_000)
    const second = producer.take()[0]!
    expect([first, second].map((sent) => headersOf(sent).get('by'))).toEqual(['hook', 'hook'])
    second.report()
    expect(preWrite).toHaveBeenCalledTimes(1)
    expect(postAck.mock.calls).toMatchObject([
      [{ kind: 'dead-letter', topic: 'orders.dlt', offset: -1, error: { code: 19 } }],
      [{ kind: 'dead-letter', topic: 'orders.dlt', offset: 1, error: undefined }],
    ])
  })

  test('where a letter is from, and why, is not theirs to say', () => {
    const { write } = hooked(() => ({ headers: { 'zk.dlt.cause': 'mine', '__dlq.errors.offset': '99', mine: 'yes' } }))
    write(1)
    const headers = headersOf(producer.take()[0]!)
    expect([headers.get('zk.dlt.cause'), headers.get('__dlq.errors.offset'), headers.get('mine')]).toEqual([
      'error',
      '1',
      'yes',
    ])
  })

  test('their headers are left off where a letter is too large without its value too', () => {
    const { write, done } = hooked(() => ({ headers: { by: 'hook' } }))
    write(1)
    const seen: (string | undefined)[] = []
    for (let n = 0; n < 3; n++) {
      const [sent] = producer.take()
      seen.push(headersOf(sent!).get('by'))
      sent!.report(TOO_LARGE)
    }
    const last = producer.take()[0]!
    expect([...seen, headersOf(last).get('by')]).toEqual(['hook', 'hook', 'hook', undefined])
    last.report()
    expect(done).toEqual([[1, true]])
  })
})
