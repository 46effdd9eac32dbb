#!/usr/bin/env node
// CommonJS, because the size of libuv's pool must be set before anything uses the pool, and loading ES modules does.
// node-rdkafka connects and disconnects on that pool, and processors may fill it with crypto, zlib, fs or dns work.
process.env.UV_THREADPOOL_SIZE ??= '16'
import('../dist/cli/main.js').then(({ main }) => main(process.argv))
