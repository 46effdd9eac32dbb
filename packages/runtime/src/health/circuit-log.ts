/** In which state each circuit breaker is, and since when it holds starts up: kept from the changes that the engine tells. */
import type { CircuitScope, CircuitState, PartitionSlot } from '@zk/engine'

/** Starts of its scope are held up. */
export interface HeldCircuit {
  scope: CircuitScope
  state: Exclude<CircuitState, 'closed'>
  /** When it opened, on main's monotonic clock. That a probe failed and it opened again does not begin it anew. */
  since: number
}

export class CircuitLog {
  readonly #breakerScope: 'work' | 'partition' | undefined
  readonly #held = new Map<CircuitScope, HeldCircuit>()
  readonly #changes: Record<CircuitState, number> = { open: 0, 'half-open': 0, closed: 0 }

  /** @param breakerScope undefined without circuit breakers */
  constructor(breakerScope: 'work' | 'partition' | undefined) {
    this.#breakerScope = breakerScope
  }

  changed(scope: CircuitScope, to: CircuitState, now = performance.now()): void {
    this.#changes[to]++
    if (to === 'closed') this.#held.delete(scope)
    else this.#held.set(scope, { scope, state: to, since: this.#held.get(scope)?.since ?? now })
  }

  /** The circuit that holds up the partition's records; undefined when none does. */
  holding(slot: PartitionSlot): HeldCircuit | undefined {
    return this.#held.get(this.#breakerScope === 'work' ? 'work' : slot)
  }

  /** The one circuit of the whole work, while it holds everything up. */
  holdingAll(): HeldCircuit | undefined {
    return this.#held.get('work')
  }

  /** Of the partition's circuit, which may be that of the work; undefined without circuit breakers. */
  stateOf(slot: PartitionSlot): CircuitState | undefined {
    return this.#breakerScope === undefined ? undefined : (this.holding(slot)?.state ?? 'closed')
  }

  /** Whether one circuit is for all, or each partition has its own; undefined without circuit breakers. */
  get breakerScope(): 'work' | 'partition' | undefined {
    return this.#breakerScope
  }

  /** Changes by the state that came of them, also those that did not happen: a rate needs its zero. */
  get changes(): [CircuitState, number][] {
    return Object.entries(this.#changes) as [CircuitState, number][]
  }
}
