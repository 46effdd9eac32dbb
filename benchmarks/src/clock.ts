import { type EventLoopUtilization, performance } from 'node:perf_hooks'

/** Share of the records that go by before a run is measured: code is compiled and queues fill up meanwhile. */
const WARM_UP = 0.1

/** What one run of a side reports, as its last line. */
export interface NoopRun {
  messages: number
  perSecond: number
  /** Of the whole process, microseconds a message. */
  cpu: number
  /** Time in which the main thread's event loop was busy, microseconds a message. */
  main: number
}

/** Time, CPU of the process and busy time of the main thread, from the end of the warm-up to the last record. */
export class Clock {
  readonly #total: number
  #started = 0
  #before = 0
  #cpu: NodeJS.CpuUsage | undefined
  #loop: EventLoopUtilization | undefined

  constructor(total: number) {
    this.#total = total
  }

  /** Call often. @param done records so far */
  see(done: number): void {
    if (this.#started > 0 || done < this.#total * WARM_UP) return
    this.#before = done
    this.#started = performance.now()
    this.#cpu = process.cpuUsage()
    this.#loop = performance.eventLoopUtilization()
  }

  /** @param done records in all */
  stop(done: number): NoopRun {
    const messages = done - this.#before
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
