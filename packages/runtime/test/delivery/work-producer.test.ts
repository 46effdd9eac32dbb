import { pino } from 'pino'
import { expect, test } from 'vitest'
import { WorkProducer } from '../../src/delivery/work-producer.js'

test('a work that has ended makes no producer, which nobody would close', async () => {
  const producer = new WorkProducer({ properties: {}, client: 'auto', logger: pino({ level: 'silent' }) })
  await producer.close(0)
  await expect(producer.open()).rejects.toThrow('The work has ended')
})
