import { Progress } from '../progress.js'
import { type LoadOptions, produceLoad } from './load.js'
import { type Measurement, type MeasureOptions, measure } from './measure.js'

export interface MeasureEachOptions {
  load: Omit<LoadOptions, 'onProgress'>
  speedups: readonly number[]
  /** What is measured; asked for before each run. */
  run(): Omit<MeasureOptions, 'load' | 'speedup' | 'onProgress'>
}

/** Measures the same load on an embedded broker with each speedup, and shows on stderr how far it is. */
export async function* measureEach({ load, speedups, run }: MeasureEachOptions): AsyncGenerator<Measurement> {
  const producing = new Progress('producing', load.messages)
  const produced = await produceLoad({ ...load, onProgress: (done) => producing.update(done) })
  producing.end()
  try {
    for (const speedup of speedups) {
      const progress = new Progress(`speedup ${speedup}`, load.messages)
      const result = await measure({ ...run(), load: produced, speedup, onProgress: (done) => progress.update(done) })
      progress.end()
      yield result
    }
  } finally {
    await produced.broker.stop()
  }
}
