/** What the marks of the crash journal cost a record: back to back, and where the thread comes to rest after each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CrashMarks, encodeHeader } from '@zk/runtime/internal'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'

const IN_FLIGHT = 64

export async function crashJournal({ runs, messages = 500_000 }: SuiteOptions): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'zk-bench-'))
  const file = join(folder, 'running')
  writeFileSync(file, encodeHeader(new Uint8Array(16)))
  const marks = new CrashMarks({
    file,
    thread: 0,
    threads: 4,
    capacity: IN_FLIGHT,
    onTrouble: (error) => console.error(error),
  })
  marks.name(0, { topic: 'a-topic-of-some-length', partition: 3 })
  measure(marks, messages, false)
  const cases = [false, true].map((rests) => ({
    suite: 'crash-journal',
    case: rests ? 'start + end + wipe' : 'start + end, back to back',
    unit: 'µs',
    values: Array.from({ length: runs }, () => measure(marks, messages, rests)),
  }))
  marks.close()
  rmSync(folder, { recursive: true })
  return cases.map(summarize)
}

function measure(marks: CrashMarks, messages: number, rests: boolean): number {
  const started = process.hrtime.bigint()
  for (let i = 0; i < messages; i++) {
    const ticket = i % IN_FLIGHT
    marks.begin(ticket, 0, i)
    marks.end(ticket)
    if (rests) marks.settle()
  }
  return Number(process.hrtime.bigint() - started) / messages / 1_000
}
