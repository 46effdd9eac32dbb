import { closeSync, openSync, readSync } from 'node:fs'
import { type LedgerLine, whyNotALine } from './lines.js'

const CHUNK_BYTES = 1 << 20
const NEWLINE = 0x0a
const LINE_HEAD = '{"type":"'
/** Of what is no line, in the complaint about it. */
const SHOWN_CHARS = 40

export interface ReadResult {
  /** Numbers of the lines that were cut short. They tell nothing and are left out. */
  torn: number[]
  /** Whole lines that no ledger should have: [line number, why]. */
  malformed: [number, string][]
}

/** Reads a ledger file in pieces and calls `visit` with each line and its number, counted from 1. */
export function readLedger(path: string, visit: (line: LedgerLine, number: number) => void): ReadResult {
  const result: ReadResult = { torn: [], malformed: [] }
  let number = 0
  eachTextLine(path, (text) => {
    number++
    if (text === '') return
    const value = parse(text) ?? salvage(text, number, result)
    if (value === undefined) return
    const why = whyNotALine(value)
    if (why) result.malformed.push([number, why])
    else visit(value as LedgerLine, number)
  })
  return result
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A torn line has no newline, so the next writer's line is glued to it: that one is whole and must not be lost. */
function salvage(text: string, number: number, result: ReadResult): unknown {
  // What does not begin as a line does was never one.
  if (text.startsWith(LINE_HEAD) || LINE_HEAD.startsWith(text)) result.torn.push(number)
  else result.malformed.push([number, `is no ledger line: ${JSON.stringify(text.slice(0, SHOWN_CHARS))}`])
  const next = text.lastIndexOf(LINE_HEAD)
  return next > 0 ? parse(text.slice(next)) : undefined
}

function eachTextLine(path: string, visit: (text: string) => void): void {
  const fd = openSync(path, 'r')
  try {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
    let rest: Buffer = Buffer.alloc(0)
    for (let read = readSync(fd, chunk); read > 0; read = readSync(fd, chunk)) {
      let from = 0
      for (let to = chunk.indexOf(NEWLINE); to !== -1 && to < read; to = chunk.indexOf(NEWLINE, from)) {
        const piece = chunk.subarray(from, to)
        visit((rest.length > 0 ? Buffer.concat([rest, piece]) : piece).toString())
        if (rest.length > 0) rest = Buffer.alloc(0)
        from = to + 1
      }
      if (from < read) rest = Buffer.concat([rest, chunk.subarray(from, read)])
    }
    if (rest.length > 0) visit(rest.toString())
  } finally {
    closeSync(fd)
  }
}
