/** What a suite does just now, on stderr: one line that is written over on a terminal, a line each elsewhere. */
export function progressOf(suite: string, stream: { isTTY?: boolean; write(text: string): unknown }) {
  return {
    tell: (what: string): void => {
      stream.write(stream.isTTY ? `\r\x1b[K${suite}: ${what}` : `${suite}: ${what}\n`)
    },
    /** Before results are printed. */
    clear: (): void => {
      if (stream.isTTY) stream.write('\r\x1b[K')
    },
  }
}
