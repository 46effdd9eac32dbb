/** The way of a message without Kafka, to threads and back; beside threads to which each message is posted as an object. */
import { byTurns } from './by-turns.js'
import { childResult } from './child.js'
import type { NoopRun } from './clock.js'
import { VALUE_BYTES } from './hop-run.js'
import { type Result, summarize } from './report.js'
import type { SuiteOptions } from './suites.js'

/** The other side takes some ten times as long. */
const OBJECTS_SHARE = 0.1

export async function hop({ runs, messages = 4_000_000, progress }: SuiteOptions): Promise<Result[]> {
  const results: Result[] = []
  for (const threads of [1, 2, 4]) {
    const sides = {
      frames: () => perSecond('./hop-frames.js', threads, messages),
      objects: () => perSecond('./hop-objects.js', threads, Math.ceil(messages * OBJECTS_SHARE)),
    }
    const { frames, objects } = await byTurns(runs, sides, (what) => progress(`speedup ${threads}, ${what}`))
    results.push(
      summarize({
        suite: 'hop',
        case: `${VALUE_BYTES} bytes, speedup ${threads}`,
        unit: 'messages/s',
        values: frames,
        baselines: objects,
      }),
    )
  }
  return results
}

async function perSecond(script: string, threads: number, messages: number): Promise<number> {
  return (await childResult<NoopRun>(script, [String(threads), String(messages)])).perSecond
}
