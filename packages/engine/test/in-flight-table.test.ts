import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InFlightTable, Phase } from '../src/in-flight-table.js'
import { syntheticBatch } from './synthetic-batch.js'

test('a ticket is given to one record at a time, and a full table says so', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 100 }), (steps) => {
      const table = new InFlightTable(7)
      const taken: number[] = []
      for (const step of steps) {
        if (step !== undefined && taken.length > 0) table.release(taken.splice(step % taken.length, 1)[0]!)
        else if (taken.length === 7) expect(() => table.take()).toThrow(RangeError)
        else {
          const ticket = table.take()
          expect(taken).not.toContain(ticket)
          expect(ticket).toBeLessThan(7)
          taken.push(ticket)
        }
        expect(table.free).toBe(7 - taken.length)
      }
    }),
  )
})

test('a released row lets go of its batch', () => {
  const table = new InFlightTable(1)
  const ticket = table.take()
  table.batch[ticket] = syntheticBatch([{ slot: 0, offset: 0, hash: 0, key: true, size: 1, timestamp: -1 }])
  table.phase[ticket] = Phase.dispatched
  table.release(ticket)
  expect(table.batch[ticket]).toBeUndefined()
  expect(table.phase[ticket]).toBe(Phase.free)
})
