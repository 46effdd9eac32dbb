import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { CrashMarks } from '../../src/threads/crash-journal.js'
import { decodeEntry, ENTRY_BYTES, encodeHeader } from '../../src/threads/crash-mark.js'
import { CAPACITY, lane, SLOT } from './lane.js'

function journal() {
  const folder = mkdtempSync(join(tmpdir(), 'zk-marks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'running')
  writeFileSync(file, encodeHeader(new Uint8Array(16)))
  const troubles: Error[] = []
  return {
    file,
    troubles,
    thread(thread = 0, path = file) {
      const marks = new CrashMarks({ file: path, thread, threads: 2, capacity: 8, onTrouble: (e) => troubles.push(e) })
      marks.name(3, { topic: 'orders', partition: 7 })
      marks.name(4, { topic: 'größe', partition: 0 })
      onTestFinished(() => marks.close())
      return marks
    },
    /** As whoever starts next would read it. */
    running() {
      const bytes = readFileSync(file)
      const found: string[] = []
      for (let at = ENTRY_BYTES; at < bytes.length; at += ENTRY_BYTES) {
        const entry = decodeEntry(Buffer.concat([bytes.subarray(at, at + ENTRY_BYTES), Buffer.alloc(ENTRY_BYTES)]))
        if (entry === 'garbage') found.push(entry)
        else if (entry !== undefined) found.push(`${entry.topic}[${entry.partition}]@${entry.offset}`)
      }
      return found.sort()
    },
  }
}

test('what runs stands in the file before the handler is called, and nothing does once the thread rests', () => {
  const { thread, running } = journal()
  const marks = thread()
  marks.begin(5, 3, 2 ** 40 + 1)
  expect(running()).toEqual(['orders[7]@1099511627777'])
  marks.begin(2, 4, 9)
  expect(running()).toEqual(['größe[0]@9', 'orders[7]@1099511627777'])
  marks.end(5)
  marks.begin(1, 4, 10)
  // The mark of the ended one was overwritten.
  expect(running()).toEqual(['größe[0]@10', 'größe[0]@9'])
  marks.end(2)
  marks.end(1)
  marks.settle()
  expect(running()).toEqual([])
})

test('threads have entries of their own', () => {
  const { thread, running } = journal()
  const [first, second] = [thread(0), thread(1)]
  first.begin(0, 3, 1)
  second.begin(0, 3, 2)
  first.begin(1, 3, 3)
  second.begin(1, 3, 4)
  expect(running()).toEqual(['orders[7]@1', 'orders[7]@2', 'orders[7]@3', 'orders[7]@4'])
})

test('the successor of a thread wipes its marks, of which main knows from the board, and no other thread’s', () => {
  const { thread, running } = journal()
  const [first, second] = [thread(0), thread(1)]
  first.begin(0, 3, 1)
  first.begin(1, 3, 2)
  second.begin(0, 3, 3)
  thread(0)
  expect(running()).toEqual(['orders[7]@3'])
})

test('an entry that was not written in full is garbage, whatever is missing', () => {
  const { thread, file } = journal()
  thread().begin(0, 3, 12_345)
  const entry = Buffer.alloc(ENTRY_BYTES)
  entry.set(readFileSync(file).subarray(ENTRY_BYTES))
  expect(decodeEntry(entry)).toEqual({ topic: 'orders', partition: 7, offset: 12_345 })
  for (let at = 0; at < 30; at++) {
    const torn = Buffer.from(entry)
    torn[at]! ^= 0xff
    expect(decodeEntry(torn), `byte ${at}`).toBe('garbage')
  }
  expect(decodeEntry(Buffer.alloc(ENTRY_BYTES, 0xff))).toBe('garbage')
})

test.runIf(process.platform === 'linux')('a disk that is full is told once, and nothing throws', () => {
  const { thread, troubles } = journal()
  const marks = thread(0, '/dev/full')
  for (let i = 0; i < 3; i++) {
    marks.begin(i, 3, i)
    marks.end(i)
  }
  marks.settle()
  expect(troubles).toMatchObject([{ code: 'ENOSPC' }])
})

test('a handler finds its own mark, and those of what runs beside it; what has ended or waits to be tried again has none', async () => {
  const { file, running } = journal()
  const marks = new CrashMarks({ file, thread: 0, threads: 1, capacity: CAPACITY, onTrouble: () => {} })
  onTestFinished(() => marks.close())
  const seen: [offset: number, running: string[]][] = []
  let open: () => void = () => {}
  const { send, acks } = lane(
    ({ offset }, ctx) => {
      seen.push([offset, running()])
      if (offset === 0) {
        return new Promise<void>((resolve) => {
          open = resolve
        })
      }
      if (offset === 1 && ctx.attempt === 1) throw new Error('once more')
      return undefined
    },
    { marks, ordering: 'key', keyOf: String, retry: { attempts: 2, backoffMs: 20 } },
  )
  const at = (offset: number) => `orders[${SLOT}]@${offset}`
  send([0, 1, 2])
  expect(seen).toEqual([
    [0, [at(0)]],
    [1, [at(0), at(1)]],
    [2, [at(0), at(2)]],
  ])
  expect(running()).toEqual([at(0)])
  open()
  await vi.waitFor(() => expect(acks).toHaveLength(3))
  expect(seen[3]).toEqual([1, [at(1)]])
  expect(running()).toEqual([])
})
