// Appends numbered lines to the ledger named first, from as many threads as the third argument says, until done or killed.
import { isMainThread, Worker, workerData } from 'node:worker_threads'

const [dist, path, threads, lines] = isMainThread ? process.argv.slice(2) : workerData
if (isMainThread) {
  for (let thread = 1; thread <= Number(threads); thread++) {
    new Worker(new URL(import.meta.url), { workerData: [dist, path, thread, lines] })
  }
} else {
  const { openLedger, ledgerNow } = await import(dist)
  const ledger = openLedger(path)
  for (let seq = 0; seq < Number(lines); seq++) {
    const fields = { key: `${process.pid}.${threads}`, seq, topic: 't'.repeat(seq % 300), partition: 0, offset: 0 }
    ledger.append({ type: 'start', id: 'x', ...fields, attempt: 1, thread: threads, pid: process.pid, at: ledgerNow() })
  }
  ledger.close()
}
