/** The fields `hooks`, of the main thread, and `hooksModule`, for those of the threads. */

import { didYouMean } from '@zk/formats/internal'
import { z } from 'zod'
import { HOOKS, isMainHook, isThreadHook } from '../hooks/hook-names.js'
import type { Hooks } from '../hooks/hook-types.js'
import { documented, moduleUrl } from './fields.js'

const group = 'Callbacks'

/** One object, so that readers and writers that have none are found to be the same. */
export const NO_HOOKS: Hooks = {}

const ofWrites: readonly string[] = ['preWrite', 'postAck'] satisfies readonly (keyof Hooks)[]

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)

function schemaOf<H extends object>(refuse: (name: string, hook: unknown) => string | undefined) {
  return z.custom<H>(isObject).superRefine((given, context) => {
    for (const [name, hook] of membersOf(given)) {
      const message = refuse(name, hook)
      if (message !== undefined) context.addIssue({ code: 'custom', path: [name], message })
    }
  })
}

const hooksSchema = schemaOf<Hooks>(faultOf)
const writerHooksSchema = schemaOf<Pick<Hooks, 'preWrite' | 'postAck'>>((name, hook) =>
  isMainHook(name) && !ofWrites.includes(name) ? 'is of works; a writer has preWrite and postAck' : faultOf(name, hook),
)

/** Those of its class as well. */
function membersOf(hooks: object): [name: string, hook: unknown][] {
  const read = (name: string) => (hooks as Record<string, unknown>)[name]
  const names = new Set([...Object.keys(hooks), ...HOOKS])
  return [...names].map((name): [string, unknown] => [name, read(name)]).filter(([, hook]) => hook !== undefined)
}

function faultOf(name: string, hook: unknown): string | undefined {
  if (isThreadHook(name)) return 'runs in the threads: make it a member of the processor, or of a `hooksModule`'
  if (!isMainHook(name)) {
    const meant = didYouMean(name, HOOKS)
    return `is not a hook${meant === undefined ? '' : `; did you mean ${meant}?`}`
  }
  return typeof hook === 'function' ? undefined : 'is no function; expected a function'
}

export const hooks = documented(hooksSchema.optional(), {
  group,
  description:
    'Lifecycle hooks on the main thread: `postReadImmediate`, `postRead`, `postFanout`, `preWrite`, `postAck` and ' +
    '`circuitBreakerStateChanged`. They take the place of the factory’s, and those of the client’s; `chainHooks` makes one of several. What they throw ' +
    'or reject with is logged and counted (`zk_callback_errors_total`), and changes nothing. See the guide about hooks.',
  change:
    'For tracing, audits and values that travel with a record. `postRead` costs the main thread an object and a copy of ' +
    'each record; without it none is made.',
  expected: 'an object of hooks of the main thread',
  defaultText: "the client's `hooks`",
})

export const clientHooks = documented(hooksSchema.optional(), {
  group: 'Client',
  description:
    'Lifecycle hooks for all works and writers of the client that have none of their own; writers call `preWrite` and ' +
    '`postAck` of them. See the guide about hooks.',
  change: 'For what all of a process has in common, such as a header that each record gets.',
  expected: 'an object of hooks of the main thread',
  defaultText: 'none',
  partsElsewhere: true,
})

export const writerHooks = documented(writerHooksSchema.optional(), {
  group: 'Writers',
  description:
    '`preWrite`, before each record goes to the producer, whose headers take the place of those of the same name; `postAck`, ' +
    'when the brokers have acknowledged or refused it. Their `kind` is `write`. They take the place of the client’s; ' +
    '`chainHooks` makes one of several. What they throw or reject with is logged, and changes nothing.',
  change: 'For audits, and for headers that each record gets. Each costs the main thread an object a record.',
  expected: 'an object of preWrite, postAck',
  defaultText: "the client's `hooks`",
})

export const hooksModule = documented(moduleUrl.optional(), {
  group,
  description:
    'A module whose default export has the hooks `preProcessing` and `postProcessing`, loaded in each thread as the processor ' +
    'is, TypeScript too. They are called before those of the processor itself.',
  change: 'For hooks that several processors share.',
  expected: "a path, or a URL such as new URL('./hooks.js', import.meta.url)",
  defaultText: 'none',
})
