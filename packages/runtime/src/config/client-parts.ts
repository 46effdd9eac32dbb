/** Fields that are objects with functions: what readers and writers work with. */
import type { Format } from '@zk/formats'
import { z } from 'zod'
import { type Logger, logLevels } from '../log/logger.js'

export const isObjectWith = (methods: readonly string[]) => (value: unknown) =>
  typeof value === 'object' &&
  value !== null &&
  methods.every((method) => typeof (value as Record<string, unknown>)[method] === 'function')

export const format = z.custom<Format<unknown>>(isObjectWith(['decode', 'encode'])).optional()

export const logger = z.custom<Logger>(isObjectWith(logLevels)).optional()
