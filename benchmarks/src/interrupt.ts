/** What must not outlive a bench that is interrupted: its processes, and topics on somebody's Kafka. */
import { constants } from 'node:os'

const undos = new Set<() => unknown>()
let isInterrupted = false

/** @returns what forgets it: it has ended by itself */
export function undoneAtSignal(undo: () => unknown): () => void {
  undos.add(undo)
  return () => undos.delete(undo)
}

/** At the first SIGINT or SIGTERM all is undone, and the process ends with the signal's code. A second one ends it at once. */
export function hearSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, async () => {
      isInterrupted = true
      await Promise.allSettled([...undos].map(async (undo) => undo()))
      process.exit(128 + constants.signals[signal])
    })
  }
}

/** What fails because it is being undone is no error. */
export async function unlessInterrupted(work: Promise<void>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (isInterrupted) await new Promise(() => {})
    throw error
  }
}
