/**
 * One run, in a process of its own: its memory and CPU are those of the work alone, without a broker and without what earlier
 * runs left behind.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { reviveError } from '../../describe-error.js'
import { errors } from '../../errors.js'
import type { RunFigures } from './figures.js'
import type { FromRun, RunSpec, ToRun } from './run-spec.js'

const entry = fileURLToPath(new URL('./measured-run.js', import.meta.url))

export interface RunListener {
  progress(messages: number): void
  /** Writes to the paced topic; resolves when all are written. */
  pace(perSecond: number, seconds: number): Promise<void>
}

/** @throws ZkError of the run, or ZK_BENCH_RUN_DIED */
export async function runInProcess(spec: RunSpec, listener: RunListener): Promise<RunFigures> {
  const child = fork(entry, {
    // The parent's own flags, such as --inspect, would collide.
    execArgv: [],
    serialization: 'advanced',
    stdio: ['ignore', 2, 2, 'ipc'],
  })
  const tell = (message: ToRun) => {
    if (child.connected) child.send(message)
  }
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(errors.ZK_BENCH_RUN_DIED(error.message, { cause: error })))
      child.once('exit', (code, signal) =>
        reject(errors.ZK_BENCH_RUN_DIED(signal === null ? `exit code ${code}` : `signal ${signal}`)),
      )
      child.on('message', (message: FromRun) => {
        if (message.type === 'progress') listener.progress(message.messages)
        else if (message.type === 'done') resolve(message.result)
        else if (message.type === 'failed') reject(reviveError(message.error))
        // What else comes is of modules of the user, which run there too.
        else if (message.type === 'pace') {
          listener.pace(message.perSecond, message.seconds).then(() => tell({ type: 'paced' }), reject)
        }
      })
      tell({ type: 'run', spec })
    })
  } finally {
    process.off('exit', end)
    end()
  }
}
