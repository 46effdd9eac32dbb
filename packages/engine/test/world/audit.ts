/** The engine's counters against a count of its rows, and its caps. */
import { Phase } from '../../src/in-flight-table.js'
import type { WorkEngine } from '../../src/work-engine.js'
import type { SyntheticBatch } from './batch.js'
import type { Shape } from './shape.js'

/** @throws Error at the first number that is not what the rows say */
export function audit(engine: WorkEngine<SyntheticBatch>, { threads, window: limits }: Shape): void {
  const { inFlight, window, assignments } = engine
  let [rows, admitted, bytes] = [0, 0, 0]
  const loads = new Array<number>(threads).fill(0)
  const perEpoch = new Map<string, number>()
  const perBatch = new Map<SyntheticBatch, number>()
  for (let ticket = 0; ticket < inFlight.capacity; ticket++) {
    const phase = inFlight.phase[ticket]!
    if (phase === Phase.free) continue
    rows++
    const epoch = `${inFlight.slot[ticket]}e${inFlight.epoch[ticket]}`
    if (phase !== Phase.abandoned) perEpoch.set(epoch, (perEpoch.get(epoch) ?? 0) + 1)
    const batch = inFlight.batch[ticket]!
    perBatch.set(batch, (perBatch.get(batch) ?? 0) + 1)
    if (phase === Phase.waiting) continue
    admitted++
    bytes += inFlight.size[ticket]!
    loads[inFlight.thread[ticket]!]!++
  }
  same('free rows', inFlight.capacity - rows, inFlight.free)
  same('messages in the window', admitted, window.messages)
  same('bytes in the window', bytes, window.bytes)
  for (const [thread, load] of loads.entries()) same(`load of thread ${thread}`, load, engine.load(thread))
  for (const { slot, epoch, inFlight } of assignments) {
    same(`in flight of slot ${slot}`, perEpoch.get(`${slot}e${epoch}`) ?? 0, inFlight)
  }
  for (const [batch, live] of perBatch) {
    same('live records of a batch', live, batch.live)
    if (batch.released) throw new Error('a batch was released while rows still point to it')
  }
  if (admitted > limits.maxMessages) throw new Error(`I7: ${admitted} messages in the window of ${limits.maxMessages}`)
  if (bytes > limits.maxBytes && admitted > 1) throw new Error(`I7: ${bytes} bytes in the window of ${limits.maxBytes}`)
  // Shares go before the size of the window, which may have shrunk.
  if (rows > admitted && admitted === 0) throw new Error('I6: records wait although the window is empty')
}

function same(what: string, counted: number, told: number): void {
  if (counted !== told) throw new Error(`${what}: ${told} told, ${counted} counted`)
}
