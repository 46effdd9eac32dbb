import type { Invariant } from '../../src/ledger/invariant.js'
import type { CommittedLine, EndLine, LedgerLine, StartLine } from '../../src/ledger/lines.js'

/**
 * One lie each, told to a legal ledger. `candidates` says where it can be told so that it must be noticed.
 */
export interface Mutation {
  name: string
  breaks: Invariant
  /** Each candidate returns the ledger with the lie in it. */
  candidates(lines: readonly LedgerLine[]): (() => LedgerLine[])[]
}

interface Told {
  start: StartLine
  startAt: number
  end: EndLine | undefined
  endAt: number
}

function deliveries(lines: readonly LedgerLine[]): Told[] {
  const byId = new Map<string, Told>()
  lines.forEach((line, i) => {
    if (line.type === 'start') byId.set(line.id, { start: line, startAt: i, end: undefined, endAt: -1 })
    if (line.type === 'end') Object.assign(byId.get(line.id)!, { end: line, endAt: i })
  })
  return [...byId.values()]
}

const placeOf = (r: { topic: string; partition: number; offset: number }) => `${r.topic}-${r.partition}@${r.offset}`
const ownerOf = (l: { pid: number; epoch?: number; partition: number }) => `${l.pid}/${l.epoch}/${l.partition}`

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(nameOf(item))
    if (group) group.push(item)
    else groups.set(nameOf(item), [item])
  }
  return [...groups.values()]
}

/** Deliveries of each key within a partition, in the order of their starts. */
const chains = (lines: readonly LedgerLine[]) =>
  groupBy(
    deliveries(lines).filter((d) => d.start.key !== null),
    (d) => `${d.start.partition}/${d.start.key}`,
  )

const commitsOf = (lines: readonly LedgerLine[]) =>
  lines.flatMap((line, i): [CommittedLine, number][] => (line.type === 'committed' ? [[line, i]] : []))

function listsRecord({ finished = [] }: CommittedLine, offset: number): boolean {
  return finished.some((from, i) => i % 2 === 0 && from <= offset && offset < finished[i + 1])
}

function givenUp(lines: readonly LedgerLine[]): Set<string> {
  return new Set(lines.flatMap((l) => (l.type === 'dead' || l.type === 'failed' ? [placeOf(l)] : [])))
}

const replaced = (lines: readonly LedgerLine[], at: number, line: LedgerLine) => lines.with(at, line)
const inserted = (lines: readonly LedgerLine[], at: number, ...more: LedgerLine[]) => lines.toSpliced(at, 0, ...more)

export const mutations: Mutation[] = [
  {
    name: 'a record never succeeds',
    breaks: 'I1',
    candidates(lines) {
      const lost = givenUp(lines)
      const records = groupBy(deliveries(lines), (d) => placeOf(d.start)).filter(([d]) => !lost.has(placeOf(d.start)))
      return records.map((told) => () => {
        const ids = new Set(told.map((d) => d.start.id))
        return lines.map((line) => (line.type === 'end' && ids.has(line.id) ? { ...line, ok: false } : line))
      })
    },
  },
  {
    name: 'two records of a key change places',
    breaks: 'I2',
    candidates(lines) {
      return chains(lines).flatMap((chain) =>
        chain.slice(1).flatMap((second, i) => {
          const first = chain[i]
          if (ownerOf(first.start) !== ownerOf(second.start) || first.start.offset === second.start.offset) return []
          const { seq, offset } = first.start
          const early: LedgerLine = { ...first.start, seq: second.start.seq, offset: second.start.offset }
          const late: LedgerLine = { ...second.start, seq, offset }
          return [() => replaced(replaced(lines, first.startAt, early), second.startAt, late)]
        }),
      )
    },
  },
  {
    name: 'a handler ends after the next of its key began',
    breaks: 'I3',
    candidates(lines) {
      return chains(lines).flatMap((chain) =>
        chain.slice(1).flatMap((second, i) => {
          const { end, endAt } = chain[i]
          return end ? [() => inserted(lines, second.startAt + 1, end).toSpliced(endAt, 1)] : []
        }),
      )
    },
  },
  {
    name: 'a finished record runs again at once',
    breaks: 'I4',
    candidates(lines) {
      return deliveries(lines)
        .filter((d) => d.end?.ok)
        .map(({ start, end, endAt }) => () => {
          return inserted(lines, endAt + 1, { ...start, id: 'again' }, { ...end!, id: 'again' })
        })
    },
  },
  {
    name: 'a new owner runs what the last commit lists as finished',
    breaks: 'I4',
    candidates(lines) {
      const excused = givenUp(lines)
      const told = deliveries(lines).filter((d) => !excused.has(placeOf(d.start)))
      return lines.flatMap((line, i) => {
        if (line.type !== 'assigned') return []
        const { pid, epoch, partitions } = line
        const [commit] = commitsOf(lines.slice(0, i)).findLast(([c]) => c.partition === partitions[0].partition) ?? []
        const isListed = (d: Told) =>
          d.end?.ok && d.endAt < i && d.start.partition === commit?.partition && listsRecord(commit, d.start.offset)
        return told.filter(isListed).map(({ start, end }) => () => {
          const again = { ...start, id: 'again', pid, epoch, thread: 9_999 }
          return inserted(lines, i + 1, again, { ...end!, id: 'again' })
        })
      })
    },
  },
  {
    name: 'a commit lists what has not succeeded yet',
    breaks: 'I5',
    candidates(lines) {
      const excused = givenUp(lines)
      const first = new Map<string, Told>()
      const told = deliveries(lines).filter((d) => d.end?.ok && !excused.has(placeOf(d.start)))
      for (const d of told.sort((a, b) => a.endAt - b.endAt))
        if (!first.has(placeOf(d.start))) first.set(placeOf(d.start), d)
      return commitsOf(lines).flatMap(([line, i]) => {
        const { partition, offset } = line
        const later = [...first.values()].find(
          (d) => d.start.partition === partition && d.start.offset >= offset && d.endAt > i,
        )
        if (!later) return []
        const finished = [later.start.offset, later.start.offset + 1]
        return [() => replaced(lines, i, { ...line, finished })]
      })
    },
  },
  {
    name: 'a commit is followed by a lower one',
    breaks: 'I5',
    candidates(lines) {
      return commitsOf(lines)
        .filter(([line]) => line.offset > 0)
        .map(
          ([line, i]) =>
            () =>
              inserted(lines, i + 1, { ...line, offset: line.offset - 1 }),
        )
    },
  },
  {
    name: 'a commit covers what has not succeeded yet',
    breaks: 'I5',
    candidates(lines) {
      const excused = givenUp(lines)
      const firstSuccess = new Map<string, Told>()
      const told = deliveries(lines).filter((d) => d.end?.ok && !excused.has(placeOf(d.start)))
      for (const d of told.sort((a, b) => a.endAt - b.endAt)) {
        if (!firstSuccess.has(placeOf(d.start))) firstSuccess.set(placeOf(d.start), d)
      }
      return commitsOf(lines).flatMap(([line, i]) => {
        const later = [...firstSuccess.values()].find((d) => d.start.partition === line.partition && d.endAt > i)
        return later ? [() => replaced(lines, i, { ...line, offset: later.start.offset + 1 })] : []
      })
    },
  },
  {
    name: 'a commit comes after its partition was given up',
    breaks: 'I5',
    candidates(lines) {
      return commitsOf(lines).flatMap(([line, i]) => {
        const owner = (l: LedgerLine) =>
          l.type === 'revoked' || l.type === 'lost' ? ownerOf({ ...l, partition: l.partitions[0].partition }) : ''
        const end = lines.findIndex((l, at) => at > i && owner(l) === ownerOf(line))
        return end === -1 ? [] : [() => inserted(lines, end + 1, line).toSpliced(i, 1)]
      })
    },
  },
  {
    name: 'nothing moves for a minute',
    breaks: 'I6',
    candidates(lines) {
      return lines.flatMap((line, i) => {
        if (line.type !== 'progress') return []
        const still = { ...line, lag: 1 }
        return [() => replaced(lines, i, still).toSpliced(i + 1, 0, { ...still, at: line.at + 60_000 })]
      })
    },
  },
  {
    name: 'the window is overdrawn',
    breaks: 'I7',
    candidates(lines) {
      return lines.flatMap((line, i) => {
        if (line.type !== 'window') return []
        return [
          () => replaced(lines, i, { ...line, messages: line.capMessages + 1 }),
          () => replaced(lines, i, { ...line, messages: 2, capMessages: 2, bytes: line.capBytes + 1 }),
        ]
      })
    },
  },
  {
    name: 'a process ends otherwise',
    breaks: 'I8',
    candidates(lines) {
      return lines.flatMap((line, i) => {
        if (line.type !== 'exit') return []
        return [
          () => replaced(lines, i, { ...line, code: 2 }),
          () => replaced(lines, i, { ...line, openHandles: ['Timeout'] }),
          () => replaced(lines, i, { ...line, unhandledRejections: 1 }),
        ]
      })
    },
  },
]
