/** A watchdog over threads whose handlers are typed in. */
import { vi } from 'vitest'
import type { ThreadEnd } from '../../../src/threads/thread-end.js'
import { Watchdog } from '../../../src/threads/watchdog.js'

const TIMEOUT_MS = 1_000
const GRACE_MS = 200

/** Threads whose handlers are typed in, on a clock that stands still but when time `passes`. */
export function watched({ threads = 2, processTimeoutMs = TIMEOUT_MS, graceMs = GRACE_MS } = {}) {
  let now = 10_000
  const handlers = new Map<number, { thread: number; started: number; extension: number }>()
  /** Records that wait in their thread. */
  const queued = new Set<number>()
  const told: [thread: number, ticket: number][] = []
  const retired: number[] = []
  const asked: number[] = []
  const ended: [thread: number, end: ThreadEnd][] = []
  const stacks: number[] = []
  const sequence = new Int32Array(16).fill(7)
  const thread = new Int32Array(16)
  const currents = new Array<number>(threads).fill(-1)
  const off = vi.fn()
  const dispatched = () => [...handlers.keys(), ...queued].sort((a, b) => a - b)
  const nextDispatched = (ticket: number) => dispatched().find((one) => one > ticket) ?? -1
  let stack: string[] | undefined = ['    at spin (/app/p.ts:3:5)']
  let late: Promise<void> | undefined
  let debugged = false
  const watchdog = new Watchdog({
    processTimeoutMs,
    graceMs,
    sent: { dispatched, nextDispatched, thread, sequence },
    threads: {
      boards: currents.map((_, index) => ({
        runningMs: (ticket) => {
          const handler = handlers.get(ticket)
          return handler?.thread === index ? now - handler.started : undefined
        },
        extensionMs: (ticket) => handlers.get(ticket)!.extension,
        get current() {
          return currents[index]!
        },
      })),
      isUp: () => true,
      tellTimeout: (index, ticket) => told.push([index, ticket]),
      tellRetire: (index) => retired.push(index),
      ask: (index) => asked.push(index),
      stackOf: async (index) => {
        stacks.push(index)
        await late
        return stack
      },
      end: (index, end) => {
        ended.push([index, end])
        for (const [ticket, handler] of handlers) if (handler.thread === index) handlers.delete(ticket)
        for (const ticket of queued) if (thread[ticket] === index) queued.delete(ticket)
        watchdog.gone(index)
      },
    },
    retire: () => {},
    isDebugged: () => debugged,
    off,
  })
  const look = async () => {
    watchdog.look(now)
    watchdog.stop()
    // The stack comes as a promise.
    for (let i = 0; i < 5; i++) await null
  }
  return {
    ...{ told, retired, asked, ended, stacks, off },
    queue: (ticket: number, index = 0) => {
      thread[ticket] = index
      queued.add(ticket)
    },
    says: (index = 0) => watchdog.sign(index),
    start: (ticket: number, index = 0) => {
      thread[ticket] = index
      handlers.set(ticket, { thread: index, started: now, extension: 0 })
    },
    done: (ticket: number) => handlers.delete(ticket),
    extend: (ticket: number, ms: number) => {
      handlers.get(ticket)!.extension += ms
    },
    onStack: (ticket: number, index = 0) => {
      currents[index] = ticket
    },
    hears: (ticket: number, index = 0) => watchdog.heard(index, ticket, 7),
    stackIs: (lines: string[] | undefined) => {
      stack = lines
    },
    /** @returns lets stacks come */
    stackIsLate: () => {
      let arrive = () => {}
      late = new Promise((resolve) => {
        arrive = resolve
      })
      return async () => {
        arrive()
        for (let i = 0; i < 10; i++) await null
      }
    },
    debug: (on: boolean) => {
      debugged = on
    },
    passes: async (ms: number) => {
      for (let left = ms; left > 0; left -= 50) {
        now += Math.min(50, left)
        await look()
      }
    },
    freezes: async (ms: number) => {
      now += ms
      await look()
    },
    guilty: () => ended.map(([, { guilty }]) => guilty),
  }
}
