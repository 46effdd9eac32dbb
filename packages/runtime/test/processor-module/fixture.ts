import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'
import type { ResolvedProcessor } from '../../src/processor-module/resolve-processor.js'

/** A folder with these files, gone after the test. */
export function folderOf(files: Record<string, string>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'zk-processor-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

/** The text of loadProcessor as JavaScript: a real worker thread cannot load the TypeScript of src. */
async function compiledLoader(): Promise<string> {
  const result = await build({
    entryPoints: [new URL('../../src/processor-module/load-processor.ts', import.meta.url).pathname],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  return result.outputFiles[0]?.text ?? ''
}

export interface ThreadResult {
  value?: unknown
  error?: { code?: string; message: string; stack: string; causeMessage?: string }
}

/** Loads the processor in a worker thread as the runtime does, and calls its process with `input`. */
export async function processInThread(url: string, source: string, input: unknown = null): Promise<ThreadResult> {
  const script = `
    import { parentPort, workerData } from 'node:worker_threads'
    process.setSourceMapsEnabled(true)
    const { loadProcessor } = await import('./loader.mjs')
    try {
      const processor = await loadProcessor(workerData.url, workerData.source)
      parentPort.postMessage({ value: await processor.process(workerData.input, {}) })
    } catch (error) {
      const { code, message, stack, cause } = error
      parentPort.postMessage({ error: { code, message, stack, causeMessage: cause?.message } })
    }
  `
  const folder = folderOf({ 'loader.mjs': await compiledLoader(), 'thread.mjs': script })
  const worker = new Worker(join(folder, 'thread.mjs'), { workerData: { url, source, input } })
  try {
    return await new Promise<ThreadResult>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the thread ended with ${code} before it answered`)))
    })
  } finally {
    await worker.terminate()
  }
}

export const run = ({ url, source }: ResolvedProcessor, input?: unknown) => processInThread(url, source, input)
