#!/usr/bin/env node
// CommonJS, because two things must come before ES modules are loaded, which takes a while and uses libuv's pool:
// the size of that pool, on which node-rdkafka connects and which processors may fill with crypto, zlib, fs or dns work;
// and ears for SIGTERM, which a supervisor may send at any moment and which must end a run in good order even then.
process.env.UV_THREADPOOL_SIZE ??= '16'
const early = { received: [], stopListening: () => {} }
if (process.argv[2] === 'run') {
  const onSignal = (signal) => early.received.push(signal)
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  early.stopListening = () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
}
import('../dist/cli/main.js').then(({ main }) => main(process.argv, early))
