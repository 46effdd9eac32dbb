/** Chooses the reader: the native one where its addon is built, else the portable one, and says so once. */
import type { KafkaConsumer } from 'node-rdkafka'
import { errors } from '../errors.js'
import type { Logger } from '../log/logger.js'
import { NativeReader } from './native-reader.js'
import { PortableReader } from './portable-reader.js'
import type { Reader } from './reader.js'

export type Native = typeof import('@zk/native')

/**
 * @returns the addon; undefined where the portable reader is to be used
 * @throws ZkError when the native reader is required and cannot be had
 */
export async function loadNative(wanted: 'auto' | 'native' | 'portable', logger: Logger): Promise<Native | undefined> {
  if (wanted === 'portable') return undefined
  try {
    return await import('@zk/native')
  } catch (error) {
    if (wanted === 'native') throw nativeError(error)
    logger.warn(
      { err: error },
      'The native reader is not available: reading through node-rdkafka, slower, and handlers that fill the libuv pool can delay it',
    )
    return undefined
  }
}

/** @param groups into how many parts the records of a block will be divided, by the hash of their key */
export function openReader(
  consumer: KafkaConsumer,
  native: Native | undefined,
  groups: number,
  onReady: () => void,
): Reader {
  if (native === undefined) return new PortableReader(consumer, onReady)
  return new NativeReader(native.openReader(consumer, { onReady, groups }))
}

function nativeError(error: unknown): Error {
  const { code, message } = error as { code?: string; message: string }
  if (code === 'ZK_NATIVE_NOT_BUILT' || code === 'ERR_MODULE_NOT_FOUND') {
    return errors.ZK_NATIVE_NOT_BUILT(message, { cause: error })
  }
  return errors.ZK_READER_UNAVAILABLE('native', message, { cause: error })
}
