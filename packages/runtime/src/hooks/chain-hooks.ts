/** Several sets of hooks as one. */
import { didYouMean } from '@zk/formats/internal'
import { type ConfigProblem, errors } from '../errors.js'
import { headersIn, replacing } from './added-headers.js'
import { answerBeside, keepBeside } from './answer-beside.js'
import { checkValues } from './ask-hook.js'
import { HOOKS, isHook } from './hook-names.js'
import type { Hooks, LifecycleHooks, ThreadHooks } from './hook-types.js'

type Hook = (...args: unknown[]) => unknown
type Missing = undefined | null

/** How the answers of two become one; hooks that answer nothing have none. */
const joins: Partial<Record<keyof LifecycleHooks, (before: unknown, answer: unknown) => unknown>> = {
  postRead: joinValues,
  preProcessing: joinValues,
  preWrite: (before, answer) => ({
    headers: before === undefined ? headersIn(answer) : replacing(headersIn(before), headersIn(answer)),
  }),
}

/**
 * Each hook calls those of all that have it, in their order, also after one has failed. What they throw or reject with
 * comes as one AggregateError. Values add up, and each sees those before it (`about.values`, `ctx.values`); of headers of one
 * name those of the last hook count.
 *
 * @param hooks may be missing, and so may their members
 * @throws ZkError ZK_CONFIG_INVALID naming every member that is no hook, or no function
 */
export function chainHooks(...hooks: readonly (Hooks | Missing)[]): Hooks
export function chainHooks<V, S>(...hooks: readonly (ThreadHooks<V, S> | Missing)[]): ThreadHooks<V, S>
export function chainHooks<V, S>(...hooks: readonly (LifecycleHooks<V, S> | Missing)[]): LifecycleHooks<V, S>
export function chainHooks(...hooks: readonly (LifecycleHooks | Missing)[]): LifecycleHooks {
  const problems = hooks.flatMap((link, i) => problemsOf(link, `hooks[${i}]`))
  if (problems.length > 0) throw errors.ZK_CONFIG_INVALID('call of chainHooks', problems)
  const links = hooks.filter((one) => one !== undefined && one !== null)
  const chained = HOOKS.flatMap((name) => {
    const members = links.filter((link) => link[name] !== undefined && link[name] !== null)
    return members.length === 0 ? [] : [[name, (...args: unknown[]) => callAll(name, members, args)]]
  })
  return Object.fromEntries(chained) as LifecycleHooks
}

/** A misspelt hook would never be called, and nobody would hear of it. */
function problemsOf(link: LifecycleHooks | Missing, path: string): ConfigProblem[] {
  if (link === undefined || link === null) return []
  if (typeof link !== 'object') return [{ path, message: `is a ${typeof link}; expected an object of hooks` }]
  return [...memberNames(link)].flatMap((name): ConfigProblem[] => {
    const hook = (link as Record<string, unknown>)[name]
    if (hook === undefined || hook === null) return []
    const isFunction = typeof hook === 'function'
    if (isHook(name)) {
      return isFunction ? [] : [{ path: `${path}.${name}`, message: `is a ${typeof hook}; expected a function` }]
    }
    const meant = didYouMean(name, HOOKS)
    if (meant !== undefined) return [{ path: `${path}.${name}`, message: `is not a hook; did you mean ${meant}?` }]
    // What a class keeps, and methods that help it, are its own business.
    if (!isFunction || !Object.hasOwn(link, name)) return []
    return [{ path: `${path}.${name}`, message: `is not a hook; expected ${HOOKS.join(', ')}` }]
  })
}

/** Those of its class as well. */
function memberNames(link: object): Set<string> {
  const found = new Set<string>()
  for (let one: object = link; one !== null && one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    for (const name of Object.getOwnPropertyNames(one)) if (name !== 'constructor') found.add(name)
  }
  return found
}

function callAll(name: keyof LifecycleHooks, members: readonly LifecycleHooks[], args: readonly unknown[]): unknown {
  const join = joins[name]
  const errors: unknown[] = []
  const late: Promise<unknown>[] = []
  let joined: unknown
  const add = (answer: unknown): void => {
    if (join === undefined || answer === undefined || answer === null) return
    try {
      joined = join(joined, answer)
      if (name === 'preProcessing') Object.assign((args[1] as { values: object }).values, joined)
    } catch (error) {
      errors.push(error)
    }
  }
  for (const member of members) {
    try {
      const hook = member[name] as Hook
      const answer = hook.apply(
        member,
        name === 'postRead' ? args.map((arg, i) => (i === 1 ? withValues(arg, joined) : arg)) : [...args],
      )
      if (typeof (answer as PromiseLike<unknown> | Missing)?.then === 'function') {
        late.push(Promise.resolve(answer))
        add(answerBeside(answer))
      } else add(answer)
    } catch (error) {
      errors.push(error)
      add(answerBeside(error))
    }
  }
  if (late.length > 0) return keepBeside(settled(name, late, errors), joined)
  if (errors.length > 0) throw keepBeside(joinErrors(name, errors), joined)
  return joined
}

async function settled(name: string, late: readonly Promise<unknown>[], errors: readonly unknown[]): Promise<unknown> {
  const ends = await Promise.allSettled(late)
  const rejections = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []))
  if (errors.length + rejections.length > 0) throw joinErrors(name, [...errors, ...rejections])
  // What one resolved with came too late, which whoever called the chain says.
  return ends.map((end) => (end.status === 'fulfilled' ? end.value : undefined)).find((value) => value !== undefined)
}

function joinErrors(name: string, errors: readonly unknown[]): AggregateError {
  const words = errors.map((error) => (error instanceof Error ? error.message : String(error)))
  return new AggregateError(errors, `${name}: ${words.join('; ')}`)
}

function joinValues(before: unknown, answer: unknown): unknown {
  return { ...(before as object | undefined), ...checkValues(answer) }
}

/** Everything of it as it was, getters included. */
function withValues(about: unknown, values: unknown): unknown {
  if (values === undefined || typeof about !== 'object' || about === null) return about
  return Object.create(about, { values: { value: values, enumerable: true } })
}
