/** What hooks there are, and where each runs. Worker threads load it too: it imports types only. */
import type { Hooks, LifecycleHooks, ThreadHooks } from './hook-types.js'

/** In the order in which a record meets them. */
const places: Record<keyof Hooks, 'main'> & Record<keyof ThreadHooks, 'thread'> = {
  postReadImmediate: 'main',
  postRead: 'main',
  postFanout: 'main',
  preProcessing: 'thread',
  postProcessing: 'thread',
  preWrite: 'main',
  postAck: 'main',
  circuitBreakerStateChanged: 'main',
}

export const HOOKS: readonly (keyof LifecycleHooks)[] = Object.keys(places) as (keyof LifecycleHooks)[]
export const MAIN_HOOKS: readonly (keyof Hooks)[] = HOOKS.filter(isMainHook)
export const THREAD_HOOKS: readonly (keyof ThreadHooks)[] = HOOKS.filter(isThreadHook)

export function isHook(name: string): name is keyof LifecycleHooks {
  return Object.hasOwn(places, name)
}

export function isMainHook(name: string): name is keyof Hooks {
  return isHook(name) && places[name] === 'main'
}

export function isThreadHook(name: string): name is keyof ThreadHooks {
  return isHook(name) && places[name] === 'thread'
}
