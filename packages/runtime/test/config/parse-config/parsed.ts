/** A work of few words parsed with more, and what is wrong with it. */
import { expect } from 'vitest'
import { parseClientConfig, parseWorkConfig } from '../../../src/config/parse-config.js'
import type { WorkConfig, WorkInput } from '../../../src/config/work-config.js'
import { failure } from '../failure.js'

export const client = parseClientConfig({ bootstrapServers: ['localhost:9092'] })
export const minimal: WorkInput = { topic: 'orders', groupId: 'billing', processor: './processor.js' }
export const work = (more: Record<string, unknown> = {}): WorkConfig =>
  parseWorkConfig({ ...minimal, ...more }, client, () => ({ speedup: 6, reason: '6 CPUs are available' }))

export function problems(run: () => unknown): Record<string, string> {
  const error = failure(run)
  expect(error.code).toBe('ZK_CONFIG_INVALID')
  const found = (error.details as { problems: { path: string; message: string }[] }).problems
  for (const { path, message } of found) expect(error.message).toContain(`${path}: ${message}`)
  return Object.fromEntries(found.map(({ path, message }) => [path, message]))
}
