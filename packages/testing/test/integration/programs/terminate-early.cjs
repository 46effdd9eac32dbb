/** Preloaded: sends this process SIGTERM as soon as it listens for it, long before its modules are loaded. */
const { isMainThread } = require('node:worker_threads')

if (isMainThread) {
  process.once('newListener', function listen(name) {
    if (name !== 'SIGTERM') return void process.once('newListener', listen)
    process.nextTick(() => {
      process.kill(process.pid, 'SIGTERM')
      process.stderr.write('SIGTERM sent\n')
    })
  })
}
