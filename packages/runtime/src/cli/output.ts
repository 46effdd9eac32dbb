/** What commands print: one JSON object a line for machines, aligned tables for people. */
import { writeLine } from './stdout.js'

export function printJson(value: Record<string, unknown>): void {
  writeLine(JSON.stringify(value))
}

/** Columns aligned, numbers to the right. The first row is the head. */
export function formatTable(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en-US') : cell)))
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const isNumber = widths.map((_, column) => rows.slice(1).every((row) => /^[\d.,]+/.test(String(row[column]))))
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  return [line(cells[0]!), widths.map((width) => '─'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n')
}
