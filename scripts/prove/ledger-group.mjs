// @ts-check
/** Processes of `zk run` in one group that write one ledger: what handlers do, what the process sees, how it ends. */
import { fileURLToPath } from 'node:url'
import { ledgerNow } from './kit.mjs'
import { zkRun } from './zk.mjs'

const processor = new URL('../../packages/testing/processors/ledger.mjs', import.meta.url)
const observer = fileURLToPath(new URL('./observe.mjs', import.meta.url))

/** @typedef {ReturnType<ReturnType<typeof ledgerGroup>['start']>} Member */

/**
 * @param {object} group
 * @param {string} group.bootstrapServers
 * @param {string} group.topic the group has its name
 * @param {string} group.path of the ledger
 * @param {{ append(line: object): void }} group.ledger open for this side's lines
 * @param {string[]} group.args of `zk run`
 * @param {Record<string, string>} group.env of the processor
 */
export function ledgerGroup({ bootstrapServers, topic, path, ledger, args, env }) {
  const own = { LEDGER: path, LEDGER_GROUP: topic, UV_THREADPOOL_SIZE: '16', NODE_OPTIONS: `--import ${observer}` }
  return {
    start() {
      const zk = zkRun({ bootstrapServers, topic, group: topic, processor, args, env: { ...env, ...own } })
      const ended = zk.ended.then((code) => {
        // Where a signal ended it, the line of whoever sent it has said so.
        if (code !== null) ledger.append({ type: 'exit', pid: zk.pid, code, expectedCode: 0, at: ledgerNow() })
        return code
      })
      return { ...zk, ended }
    },

    /** @param {Member} zk @returns the exit code of one that was asked to leave */
    async leave(zk) {
      zk.kill('SIGTERM')
      ledger.append({ type: 'killed', pid: zk.pid, signal: 'SIGTERM', at: ledgerNow() })
      return zk.ended
    },
  }
}
