/** Under what a suite ran: without it, its figures say nothing. */
import { createRequire } from 'node:module'
import { cpus, totalmem } from 'node:os'

export interface Header {
  suite: string
  at: string
  machine: string
  versions: string
  payload: string
  broker: string
}

/** @param broker Addresses of a real Kafka; undefined for the embedded broker; null for a suite without one. */
export function headerOf(suite: string, payload: string, broker: string | undefined | null): Header {
  const rdkafka = createRequire(import.meta.url)('node-rdkafka/package.json') as { version: string; librdkafka: string }
  const memory = Math.round(totalmem() / 2 ** 30)
  return {
    suite,
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model}, ${memory} GiB, ${process.platform} ${process.arch}`,
    versions: `Node ${process.versions.node}, V8 ${process.versions.v8}, node-rdkafka ${rdkafka.version}, librdkafka ${rdkafka.librdkafka}`,
    payload,
    broker: broker === null ? 'none' : (broker ?? 'embedded, in the process of the suite'),
  }
}

export function headerText({ suite, machine, versions, payload, broker }: Header): string {
  return `${suite}: ${payload}; broker: ${broker}\n${versions}; ${machine}`
}
