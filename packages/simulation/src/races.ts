/** How often what happens to a process met what was under way in it: the meetings that break software of this kind. */

export const happenings = ['revoke', 'lost', 'assign', 'ack', 'exit', 'start', 'commit', 'shutdown', 'rewind'] as const
export type Happening = (typeof happenings)[number]

/** In the order of their bits. */
export const conditions = [
  'revoke',
  'ack',
  'exit',
  'start',
  'commit',
  'shutdown',
  'lost',
  'old work',
  'rebalance',
  'parked',
  'letter',
  'circuit',
  'delay',
] as const
export type Condition = (typeof conditions)[number]

export const bitOf = Object.fromEntries(conditions.map((condition, i) => [condition, 1 << i])) as Readonly<
  Record<Condition, number>
>

/** By happening, then by condition. */
export class Races {
  readonly counts = new Float64Array(happenings.length * conditions.length)

  met(happening: Happening, underWay: number): void {
    const row = happenings.indexOf(happening) * conditions.length
    for (let bit = 0, rest = underWay; rest !== 0; bit++, rest >>>= 1) if (rest & 1) this.counts[row + bit]!++
  }

  count(happening: Happening, condition: Condition): number {
    return this.counts[happenings.indexOf(happening) * conditions.length + conditions.indexOf(condition)]!
  }
}
