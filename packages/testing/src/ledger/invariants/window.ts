import type { Judge } from '../invariant.js'
import type { WindowLine } from '../lines.js'
import { lineAt } from '../sentences.js'

/** I7: what is in flight stays under both caps; only a record that is larger than the byte window by itself may pass it, alone. */
export const window: Judge = (ledger) => {
  let evidence = 0
  for (const { windows } of ledger.processes.values()) {
    evidence += windows.length
    for (const { line, number } of windows) {
      const excess = excessOf(line)
      if (excess) return { evidence, contradiction: `pid ${line.pid} had ${excess} in flight (${lineAt(number)})` }
    }
  }
  return { evidence }
}

function excessOf({ messages, capMessages, bytes, capBytes }: WindowLine): string | undefined {
  if (messages > capMessages) return `${messages} messages of at most ${capMessages}`
  if (bytes > capBytes && messages > 1) return `${bytes} bytes of at most ${capBytes} in ${messages} messages`
  return undefined
}
