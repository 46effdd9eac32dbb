/**
 * What each format of @zk/formats takes for a message, beside the library that it is made of on the same bytes, by turns.
 * Each case has a thread of its own, for formats run in threads, and what V8 made of one must not slow down the next.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { cases } from './formats/cases.js'
import { type Result, summarize } from './report.js'
import type { Timings } from './side-by-side.js'
import type { SuiteOptions } from './suites.js'

export async function formats({ runs, progress }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = []
  for (const name of Object.keys(cases)) {
    progress(name)
    const worker = new Worker(new URL('./formats/one-case.js', import.meta.url), { workerData: { name, runs } })
    const [{ own, bare }] = (await once(worker, 'message')) as [Timings]
    await worker.terminate()
    results.push(summarize({ suite: 'formats', case: name, unit: 'ns', values: own, baselines: bare }))
  }
  return results
}
