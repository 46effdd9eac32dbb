import { type EventLoopUtilization, performance } from 'node:perf_hooks'
import type { NoopRun } from './noop.js'

/** From the first record to the last: time, CPU of the process, busy time of the main thread. */
export class Clock {
  #started = 0
  #cpu: NodeJS.CpuUsage | undefined
  #loop: EventLoopUtilization | undefined

  /** The first call counts. */
  start(): void {
    if (this.#started > 0) return
    this.#started = performance.now()
    this.#cpu = process.cpuUsage()
    this.#loop = performance.eventLoopUtilization()
  }

  stop(messages: number): NoopRun {
    const ms = performance.now() - this.#started
    const { user, system } = process.cpuUsage(this.#cpu)
    const { active } = performance.eventLoopUtilization(this.#loop)
    return {
      messages,
      perSecond: (messages * 1000) / ms,
      cpu: (user + system) / messages,
      main: (active * 1000) / messages,
    }
  }
}
