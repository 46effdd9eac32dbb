/**
 * Sends on their way to the main thread, and their reports on the way back: one transferred buffer each, however many.
 *
 * Sends: u32 count, u32 zero, then per record u32 length, u32 zero, and the record, each at a multiple of eight.
 * Reports: per send f64 offset, i32 id, i32 partition, i32 place in the list of errors (-1: acknowledged), i32 zero.
 */
import type { SendError } from './protocol.js'

const REPORT_BYTES = 24
const aligned = (size: number) => (size + 7) & ~7

export function packSends(records: readonly Buffer[]): ArrayBuffer {
  const total = records.reduce((sum, record) => sum + 8 + aligned(record.length), 8)
  const buffer = Buffer.allocUnsafeSlow(total)
  buffer.writeUInt32LE(records.length, 0)
  let at = 8
  for (const record of records) {
    buffer.writeUInt32LE(record.length, at)
    buffer.set(record, at + 8)
    at += 8 + aligned(record.length)
  }
  return buffer.buffer as ArrayBuffer
}

/** @returns views */
export function* readSends(batch: ArrayBuffer): Generator<Buffer> {
  const bytes = Buffer.from(batch)
  let at = 8
  for (let left = bytes.readUInt32LE(0); left > 0; left--) {
    const length = bytes.readUInt32LE(at)
    yield bytes.subarray(at + 8, at + 8 + length)
    at += 8 + aligned(length)
  }
}

export interface SendReport {
  readonly id: number
  /** -1 where it was not decided. */
  readonly partition: number
  /** -1 where it was not acknowledged. */
  readonly offset: number
  readonly error: SendError | undefined
}

export function packReports(reports: readonly SendReport[]): { reports: ArrayBuffer; errors: SendError[] } {
  const view = new DataView(new ArrayBuffer(reports.length * REPORT_BYTES))
  const errors: SendError[] = []
  for (const [i, { id, partition, offset, error }] of reports.entries()) {
    const at = i * REPORT_BYTES
    view.setFloat64(at, offset, true)
    view.setInt32(at + 8, id, true)
    view.setInt32(at + 12, partition, true)
    view.setInt32(at + 16, error === undefined ? -1 : errors.length, true)
    if (error !== undefined) errors.push(error)
  }
  return { reports: view.buffer, errors }
}

export function* readReports(reports: ArrayBuffer, errors: readonly SendError[]): Generator<SendReport> {
  const view = new DataView(reports)
  for (let at = 0; at < view.byteLength; at += REPORT_BYTES) {
    yield {
      offset: view.getFloat64(at, true),
      id: view.getInt32(at + 8, true),
      partition: view.getInt32(at + 12, true),
      error: errors[view.getInt32(at + 16, true)],
    }
  }
}
