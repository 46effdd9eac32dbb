import { describe, expect, test } from 'vitest'
import { InFlightTable, Phase } from '../src/in-flight-table.js'
import { copyOutSurvivors } from '../src/sparse-batches.js'
import { type SyntheticBatch, syntheticBatch } from './synthetic-batch.js'

/** A table that holds the given records of one batch of a hundred. */
function tableWith(alive: readonly number[], byteLength = 1_000_000) {
  const same = { slot: 0, key: true, size: 9, timestamp: -1 }
  const records = Array.from({ length: 100 }, (_, i) => ({ ...same, offset: 1_000 + i, hash: i }))
  const batch = syntheticBatch(records, byteLength)
  batch.live = alive.length
  const table = new InFlightTable<SyntheticBatch>(128)
  for (const index of alive) {
    const ticket = table.take()
    table.batch[ticket] = batch
    table.index[ticket] = index
    table.offset[ticket] = 1_000 + index
    table.phase[ticket] = Phase.dispatched
  }
  return { table, batch }
}

const holders = (table: InFlightTable<SyntheticBatch>) => new Set(table.batch.filter((batch) => batch !== undefined))

describe('copyOutSurvivors', () => {
  test('the survivors of a batch that is sparse in two looks are copied, and each row finds its record again', () => {
    const { table, batch } = tableWith([3, 50, 51, 98])
    const found = copyOutSurvivors(table, new Set())
    expect([...found]).toEqual([batch])
    expect([...holders(table)]).toEqual([batch])

    expect(copyOutSurvivors(table, found).size).toBe(0)
    const [copy] = holders(table)
    expect(holders(table).size).toBe(1)
    expect(copy).not.toBe(batch)
    expect([batch.released, copy!.released]).toEqual([true, false])
    expect([copy!.length, copy!.live]).toEqual([4, 4])
    for (let ticket = 0; ticket < table.capacity; ticket++) {
      const holder = table.batch[ticket]
      if (holder !== undefined) expect(holder.offsets[table.index[ticket]!]).toBe(table.offset[ticket])
    }
  })

  test('a batch that ends between two looks is never copied', () => {
    const { table } = tableWith([7])
    const found = copyOutSurvivors(table, new Set())
    for (let ticket = 0; ticket < table.capacity; ticket++)
      if (table.phase[ticket] !== Phase.free) table.release(ticket)
    expect(copyOutSurvivors(table, found).size).toBe(0)
    expect(holders(table).size).toBe(0)
  })

  test('a batch with half of its records alive stays', () => {
    const { table, batch } = tableWith(Array.from({ length: 50 }, (_, i) => i))
    expect(copyOutSurvivors(table, copyOutSurvivors(table, new Set())).size).toBe(0)
    expect([...holders(table)]).toEqual([batch])
  })

  test('a small batch is not worth a copy', () => {
    const { table, batch } = tableWith([1], 64 * 1024 - 1)
    expect(copyOutSurvivors(table, copyOutSurvivors(table, new Set())).size).toBe(0)
    expect([...holders(table)]).toEqual([batch])
  })
})
