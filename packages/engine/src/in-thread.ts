/** What a worker thread needs of the engine: a few of its files. All of them would take a tenth of its start. */
export { ACK_WORDS, FailureFlag, MAX_ACK_MICROS, Outcome } from './effects.js'
export { keyHash } from './key-hash.js'
export { KeyedQueue, NO_KEY } from './keyed-queue.js'
