/** Under what a suite ran: without it, its figures say nothing. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'

const EMBEDDED = 'embedded, in the process of the suite'

export interface Header {
  suite: string
  at: string
  machine: string
  versions: string
  /** Of this code, with a plus behind it where files differ from it; undefined outside of a checkout. */
  commit?: string
  payload: string
  broker: string
  /** Of each run, where a suite may be told: as many as it was told, or as it chooses by itself. */
  messages?: number | "the suite's own"
}

/** @param broker Addresses of a real Kafka; undefined for the embedded broker; null for a suite without one. */
export function headerOf(
  suite: string,
  payload: string,
  broker: string | undefined | null,
  messages?: Header['messages'],
): Header {
  const rdkafka = createRequire(import.meta.url)('node-rdkafka/package.json') as { version: string; librdkafka: string }
  const memory = Math.round(totalmem() / 2 ** 30)
  return {
    suite,
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model}, ${memory} GiB, ${process.platform} ${process.arch}`,
    versions: `Node ${process.versions.node}, V8 ${process.versions.v8}, node-rdkafka ${rdkafka.version}, librdkafka ${rdkafka.librdkafka}`,
    ...commit(),
    payload,
    broker: broker === null ? 'none' : (broker ?? EMBEDDED),
    ...(messages !== undefined && { messages }),
  }
}

function commit(): Pick<Header, 'commit'> {
  try {
    const described = execFileSync('git', ['describe', '--always', '--exclude', '*', '--dirty=+'], {
      cwd: new URL('.', import.meta.url),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return { commit: described.trim() }
  } catch {
    return {}
  }
}

export function headerText({ suite, machine, versions, commit, payload, broker, messages }: Header): string {
  const told = typeof messages === 'number' ? `; messages: ${messages.toLocaleString('en-US')}` : ''
  return `${suite}: ${payload}${told}; broker: ${broker}\n${versions}; ${machine}${commit === undefined ? '' : `; commit ${commit}`}`
}

/**
 * What makes another measurement of the same case. The machine and the versions do not: ratios are for comparing those. Nor do a
 * broker's addresses, but the embedded one is another program.
 */
export function conditions({ broker, payload, messages }: Header) {
  return { broker: broker === 'none' || broker === EMBEDDED ? broker : 'a given one', payload, messages }
}

/** @returns the first condition that is not the same, in words; undefined where all are */
export function difference(now: Header | undefined, before: Header | undefined): string | undefined {
  if (now === undefined || before === undefined) return 'without a header'
  const [own, other] = [conditions(now), conditions(before)]
  const name = (Object.keys(own) as (keyof typeof own)[]).find((key) => own[key] !== other[key])
  return name && `${name} ${other[name] ?? 'not told'} before, ${own[name] ?? 'not told'} now`
}
