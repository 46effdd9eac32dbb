import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { type CheckOptions, checkLedger, type LedgerVerdict } from '../../src/ledger/check-ledger.js'
import { ledgerNow, openLedger } from '../../src/ledger/writer.js'
import { produceWorkload } from '../../src/produce-workload.js'
import { type WorkloadOptions, workload } from '../../src/workload.js'
import { type ZkOptions, ZkProcess } from './zk-process.js'

/** A topic with a workload, a group, and the ledger in which everybody writes. */
export async function scenario(options: WorkloadOptions & { partitions: number }) {
  const bootstrapServers = process.env.KAFKA_BOOTSTRAP!
  const topic = `ledger-${randomUUID()}`
  const group = `group-${randomUUID()}`
  const dir = mkdtempSync(join(tmpdir(), 'zk-scenario-'))
  const path = join(dir, 'ledger.jsonl')
  const writer = openLedger(path)
  const { partitions, ...records } = options
  const onProduced = writer.append
  await produceWorkload({ bootstrapServers, topic, records: workload(records), partitions, onProduced })
  const running: ZkProcess[] = []

  return {
    zk(args: string[] = [], env: ZkOptions['env'] = {}): ZkProcess {
      const zk = new ZkProcess({ bootstrapServers, topic, group, ledger: { path, writer }, args, env })
      running.push(zk)
      return zk
    },

    /** When so many handlers have ended in success. */
    succeeded(count: number): Promise<void> {
      return new Promise((resolve) => {
        const look = (): void => {
          if (readFileSync(path, 'utf8').split('"ok":true').length <= count) return
          watcher.close()
          resolve()
        }
        const watcher = watch(path, look)
        look()
      })
    },

    /** Writes what the broker holds for the group into the ledger, as the commits of a process that has ended. */
    async readCommits(pid: number): Promise<number> {
      const kafka = new Kafka({ brokers: bootstrapServers.split(','), logLevel: logLevel.NOTHING })
      const admin = kafka.admin()
      await admin.connect()
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] })
      await admin.disconnect()
      let covered = 0
      for (const { partition, offset: text } of answer!.partitions) {
        const offset = Number(text)
        if (offset < 0) continue
        covered += offset
        writer.append({ type: 'committed', group, topic, partition, offset, pid, at: ledgerNow() })
      }
      return covered
    },

    verdict: (check?: CheckOptions): LedgerVerdict => checkLedger(path, check),

    async close(): Promise<void> {
      for (const zk of running) zk.signal('SIGKILL')
      await Promise.all(running.map((zk) => zk.ended.catch(() => {})))
      writer.close()
      rmSync(dir, { recursive: true })
    },
  }
}
