/** Points made up for tests. */
import { type Concurrency, type Point, pointOf, type RunFigures } from '../../../src/cli/bench/figures.js'

export function run(figures: Partial<RunFigures> = {}): RunFigures {
  return {
    ...{ perSecond: 1_000, messages: 1_000, failed: 0 },
    ...{ handlerMeanUs: 1_000, handlerP50Us: 1_000, handlerP99Us: 1_200 },
    ...{ endToEndP50Ms: 1, endToEndP99Ms: 3, busy: [0.5], occupied: [1], autoLanes: undefined, mainBusy: 0.05 },
    ...{ cpuUsPerMessage: 1_000, rssMb: 100 },
    ...figures,
  }
}

export function point(speedup: number, concurrency: Concurrency, figures: Partial<RunFigures> = {}): Point {
  return pointOf({ speedup, concurrency }, [run(figures)])
}
