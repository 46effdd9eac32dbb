/** `zk run --watch`: replaces the threads, not the consumer, when files of the processor change. */
import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Logger } from '../log/logger.js'
import type { Work } from '../work.js'

/** Editors write a file in several steps. */
const SETTLE_MS = 100

/** @returns a function that stops watching */
export async function watchSources(work: Work, logger: Logger): Promise<() => void> {
  let timer: NodeJS.Timeout | undefined
  let watchers: FSWatcher[] = []
  let stopped = false
  const onChange = () => {
    clearTimeout(timer)
    timer = setTimeout(reload, SETTLE_MS)
  }
  // The old watchers go when the new ones are there, and a change that is waiting stays.
  const start = async () => {
    const sources = await work.sources()
    const before = watchers
    watchers = stopped ? [] : watchFolders(sources, onChange)
    for (const watcher of before) watcher.close()
  }
  const stop = () => {
    stopped = true
    clearTimeout(timer)
    for (const watcher of watchers) watcher.close()
  }
  const reload = async () => {
    try {
      await work.reload()
      await start()
      logger.info('The processor was reloaded')
    } catch (error) {
      logger.error({ err: error }, 'The changed processor was not loaded; the threads go on with the one before')
    }
  }
  await start()
  return stop
}

/** Not what begins with a dot: TypeScript is compiled to such files, beside its source. */
const SOURCE = /^[^.].*\.[cm]?[jt]s$/

/**
 * Folders are watched, because editors replace files and a watch of the old one would never fire again. Any source file
 * in them counts: a computed import is not known without running it.
 */
function watchFolders(files: readonly string[], onChange: () => void): FSWatcher[] {
  return [...new Set(files.map(dirname))].map((folder) =>
    watch(folder, { persistent: false }, (_, name) => {
      if (name !== null && SOURCE.test(name)) onChange()
    }),
  )
}
