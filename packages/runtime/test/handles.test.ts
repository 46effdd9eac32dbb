import { json } from '@zk/formats'
import { expect, test } from 'vitest'
import { Handles } from '../src/handles.js'

class One {
  isClosed = false
  async close(): Promise<void> {
    this.isClosed = true
  }
}

const asked = () => {
  const handles = new Handles<object, One>('reader')
  return { handles, get: (config: object) => handles.get('billing', config, () => new One()) }
}

test('the same configuration gives the same one, wherever it logs', () => {
  const { get } = asked()
  const first = get({ topics: ['a'], logger: undefined })
  expect(get({ topics: ['a'], logger: console })).toBe(first)
})

test('one that is closed is made anew, with any configuration', async () => {
  const { get, handles } = asked()
  const first = get({ topics: ['a'] })
  await handles.close()
  expect(first.isClosed).toBe(true)
  expect(get({ topics: ['b'] })).not.toBe(first)
})

test('another configuration under the same name is refused, with the fields that differ', () => {
  const { get } = asked()
  get({ topics: ['a'], groupId: 'g', lingerMs: 0 })
  expect(() => get({ topics: ['a', 'b'], groupId: 'h', lingerMs: 0 })).toThrow(
    'the client has the reader billing already, with another topics, groupId.',
  )
})

test('a format is another one when it is another object, though it looks the same', () => {
  const { get } = asked()
  const format = json()
  const first = get({ format })
  expect(get({ format })).toBe(first)
  expect(() => get({ format: { ...format } })).toThrow('make a format once')
})

test('closing closes all of them, though one fails, and tells of it when all are closed', async () => {
  const handles = new Handles<object, One>('reader')
  const slow = new One()
  slow.close = async () => {
    await new Promise((resolve) => setTimeout(resolve, 20))
    slow.isClosed = true
  }
  const failing = (why: string) => Object.assign(new One(), { close: () => Promise.reject(new Error(why)) })
  const [first, second, last] = [failing('first'), failing('second'), new One()]
  handles.get('first', {}, () => first)
  handles.get('slow', {}, () => slow)
  handles.get('last', {}, () => last)
  await expect(handles.close()).rejects.toThrow('first')
  expect([slow.isClosed, last.isClosed]).toEqual([true, true])
  handles.get('second', {}, () => second)
  await expect(handles.close()).rejects.toMatchObject({ errors: [{ message: 'first' }, { message: 'second' }] })
})
