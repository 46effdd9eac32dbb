/**
 * Everything that the scheduler can decide. An action picks its target by the decision's own seed among what it finds, and
 * says whether there was anything to do: a decision that has become impossible is none.
 */

import { brokerActions } from './actions/broker.js'
import { groupActions } from './actions/group.js'
import { processActions } from './actions/process.js'
import { threadActions } from './actions/threads.js'
import type { World } from './world/world.js'

export type Act = (world: World) => boolean

const table = { ...threadActions, ...processActions, ...groupActions, ...brokerActions }

export type ActionName = keyof typeof table
export const actionNames = Object.keys(table) as readonly ActionName[]
/** By number: the number of an action is its place in `actionNames`. */
export const actions: readonly Act[] = actionNames.map((name) => table[name])

/** They choose before they look: at the next try they may find something. Whatever the others find, they find at once. */
const CHOOSY: readonly ActionName[] = ['terminate', 'overdue', 'expire', 'seek', 'resetUnread']
/** By number: 1 for those. */
export const choosy = Uint8Array.from(actionNames, (name) => (CHOOSY.includes(name) ? 1 : 0))
