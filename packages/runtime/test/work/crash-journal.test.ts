import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import type { Logger } from '../../src/log/logger.js'
import { CrashMarks } from '../../src/threads/crash-journal.js'
import { CrashJournal } from '../../src/work/crash-journal.js'

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>()
  return { ...real, writeFileSync: vi.fn(real.writeFileSync) }
})
beforeEach(() => void vi.mocked(writeFileSync).mockReset().mockImplementation(realWrite))
const { writeFileSync: realWrite } = await vi.importActual<typeof import('node:fs')>('node:fs')

const orders = { topic: 'orders', partition: 7 }

function house() {
  const path = mkdtempSync(join(tmpdir(), 'zk-crashes-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  const warnings: string[] = []
  const warn = (_fields: object, message: string) => void warnings.push(message)
  const logger = { warn } as unknown as Logger
  const open = (clientId = 'billing-1') => new CrashJournal({ path, clientId, deaths: 2, logger })
  return {
    path,
    warnings,
    file: (end: string) => join(path, readdirSync(path).find((name) => name.endsWith(end)) ?? `missing${end}`),
    open,
    /** One life of a process that dies while it runs these offsets. */
    dies(offsets: readonly number[], journal: CrashJournal = open()) {
      const marks = new CrashMarks({ file: journal.marksFile, thread: 0, threads: 1, capacity: 8, onTrouble: () => {} })
      marks.name(0, orders)
      for (const [ticket, offset] of offsets.entries()) marks.begin(ticket, 0, offset)
      marks.close()
      const files = readdirSync(path).filter((name) => !name.endsWith('.lock'))
      const before = files.map((name) => [name, readFileSync(join(path, name))] as const)
      journal.close()
      // As it was at its death; only its lock is gone, as that of a dead process is.
      for (const [name, bytes] of before) realWrite(join(path, name), bytes)
    },
  }
}

test('without a death before it a journal is empty, and ends without a file', () => {
  const { open, path } = house()
  const journal = open()
  expect(journal.isEmpty).toBe(true)
  expect(journal.deathsOf(orders, 5)).toBe(0)
  journal.close()
  expect(readdirSync(path)).toEqual([])
})

test('what was running at a death is counted by record, over any number of deaths', () => {
  const at = house()
  at.dies([5, 9])
  at.dies([9])
  const journal = at.open()
  expect(journal.isEmpty).toBe(false)
  expect(journal.deathsOf({ ...orders, partition: 6 }, 5)).toBe(0)
  expect([5, 9, 6].map((offset) => journal.deathsOf(orders, offset))).toEqual([1, 2, 0])
  expect(at.warnings.at(-1)).toMatch(/died while it ran 1 records/)
  journal.close()
})

test('a death is counted once, however often the next processes die before they begin anew', () => {
  const at = house()
  at.dies([5])
  vi.mocked(writeFileSync).mockImplementation((path, ...rest) => {
    if (String(path).endsWith('.running')) throw new Error('died here')
    return realWrite(path, ...rest)
  })
  for (let i = 0; i < 3; i++) expect(() => at.open()).toThrow('died here')
  vi.mocked(writeFileSync).mockImplementation(realWrite)
  const journal = at.open()
  expect(journal.deathsOf(orders, 5)).toBe(1)
  journal.close()
})

test('a record that ended, and those below a commit, are forgotten, in the next process too', () => {
  const at = house()
  at.dies([5, 6, 9])
  const journal = at.open()
  journal.ended(orders, 6)
  journal.committed(orders, 6)
  expect([5, 6, 9].map((offset) => journal.deathsOf(orders, offset))).toEqual([0, 0, 1])
  journal.close()
  const next = at.open()
  expect([5, 6, 9].map((offset) => next.deathsOf(orders, offset))).toEqual([0, 0, 1])
  next.ended(orders, 9)
  expect(next.isEmpty).toBe(true)
  next.close()
  expect(readdirSync(at.path)).toEqual([])
})

test('what is forgotten is written down without an end in order', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const at = house()
  at.dies([5])
  const journal = at.open()
  journal.ended(orders, 5)
  await vi.advanceTimersByTimeAsync(100)
  expect(JSON.parse(readFileSync(at.file('.deaths.json'), 'utf8'))).toMatchObject({ deaths: [] })
  journal.close()
})

test.each<[string, (at: ReturnType<typeof house>) => void]>([
  ['a file of marks that is something else', ({ file }) => writeFileSync(file('.running'), 'hello')],
  ['an empty one', ({ file }) => writeFileSync(file('.running'), '')],
  ['one that ends within its header', ({ file }) => truncateSync(file('.running'), 100)],
  ['noise in its entries', ({ file }) => appendFileSync(file('.running'), Buffer.alloc(3_000, 0xa5))],
  ['a file of deaths that is torn', ({ file }) => truncateSync(file('.deaths.json'), 20)],
  ['one of another shape', ({ file }) => writeFileSync(file('.deaths.json'), '{"version":1,"life":"","deaths":[{}]}')],
])('%s is ignored with a warning', (_what, spoil) => {
  const at = house()
  at.dies([5])
  at.dies([6])
  at.warnings.length = 0
  spoil(at)
  const journal = at.open()
  expect(at.warnings.filter((message) => /begun anew|are torn/.test(message))).toHaveLength(1)
  journal.close()
  at.open().close()
})

test('a second work of the process with the same client id is refused, another client id is not', () => {
  const { open, path } = house()
  const journal = open()
  expect(() => open()).toThrow(
    expect.objectContaining({
      code: 'ZK_CRASH_JOURNAL_IN_USE',
      details: { path, clientId: 'billing-1', pid: process.pid },
    }),
  )
  open('../other/*').close()
  journal.close()
  open().close()
})

test('a second process is refused while the first lives, and takes over when it was killed', async () => {
  const { open, path } = house()
  const module = new URL('../../dist/work/crash-journal.js', import.meta.url)
  const code = `import(${JSON.stringify(module.href)}).then(({ CrashJournal }) => {
    new CrashJournal({ path: ${JSON.stringify(path)}, clientId: 'billing-1', deaths: 2, logger: console })
    console.log('open')
    setInterval(() => {}, 1000)
  })`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  expect(() => open()).toThrow(expect.objectContaining({ code: 'ZK_CRASH_JOURNAL_IN_USE' }))
  child.kill('SIGKILL')
  await once(child, 'exit')
  open().close()
})

test('a lock of a process whose id is another’s by now, or of another machine, or that is torn, is taken over', () => {
  const { open, path } = house()
  const lock = join(path, 'billing-1.lock')
  const left = { pid: process.ppid, host: 'elsewhere', began: '1' }
  for (const text of [JSON.stringify(left), JSON.stringify({ ...left, host: hostname() }), '{']) {
    realWrite(lock, text)
    open().close()
  }
  expect(existsSync(lock)).toBe(false)
})

test('a folder that cannot be made is an error at the start', () => {
  const { path } = house()
  writeFileSync(join(path, 'file'), '')
  const logger = {} as Logger
  expect(() => new CrashJournal({ path: join(path, 'file', 'below'), clientId: 'x', deaths: 2, logger })).toThrow(
    expect.objectContaining({ code: 'ZK_CRASH_JOURNAL_UNUSABLE' }),
  )
})

test('a disk that is full is a warning, once, at the start and later', () => {
  const at = house()
  at.dies([5])
  at.warnings.length = 0
  vi.mocked(writeFileSync).mockImplementation(() => {
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  })
  const journal = at.open()
  expect(journal.deathsOf(orders, 5)).toBe(1)
  journal.ended(orders, 5)
  journal.close()
  expect(at.warnings.filter((message) => message.includes('cannot be written'))).toHaveLength(1)
})

test('a folder may stand where none is yet', () => {
  const { path } = house()
  const logger = {} as Logger
  const journal = new CrashJournal({ path: join(path, 'a', 'b'), clientId: 'x', deaths: 2, logger })
  expect(existsSync(journal.marksFile)).toBe(true)
  journal.close()
})

test('marks of far more lanes than fit into memory are read', () => {
  const { open, file, dies } = house()
  dies([5])
  const marks = file('.running')
  // The last one is as long as what was written of it.
  const [entry, place] = [readFileSync(marks).subarray(512), 2 ** 29]
  const descriptor = openSync(marks, 'r+')
  // Nothing is on the disk between them.
  writeSync(descriptor, Buffer.alloc(entry.length), 0, entry.length, 512)
  writeSync(descriptor, entry, 0, entry.length, place)
  closeSync(descriptor)
  expect(open().deathsOf(orders, 5)).toBe(1)
})
