/** The Java peers: compiled on first use, by Maven, and passed over where there is none. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { peerFile } from './programs.js'

const run = promisify(execFile)
const MIN_JAVA = 17

/** Their class path, or in a sentence why they are passed over. */
export type JavaPeers = { classPath: string } | { missing: string }

export async function javaPeers(): Promise<JavaPeers> {
  const java = await outputOf('java', ['-version'])
  if (java === undefined || major(java) < MIN_JAVA) return { missing: `they need Java ${MIN_JAVA} on the PATH` }
  const folder = peerFile('java')
  const stamp = join(folder, 'build', 'sources.sha256')
  const sources = hashOf(folder)
  if (!isBuilt(stamp, sources)) {
    if ((await outputOf('mvn', ['-version'])) === undefined) return { missing: 'they need Maven on the PATH' }
    await run('mvn', ['-B', '-q', '-f', join(folder, 'pom.xml'), 'clean', 'compile'], { maxBuffer: 64 << 20 })
    mkdirSync(join(folder, 'build'), { recursive: true })
    writeFileSync(stamp, sources)
  }
  return { classPath: [join(folder, 'build', 'classes'), join(folder, 'build', 'dependency', '*')].join(delimiter) }
}

function isBuilt(stamp: string, sources: string): boolean {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === sources
}

function hashOf(folder: string): string {
  const hash = createHash('sha256').update(readFileSync(join(folder, 'pom.xml')))
  const names = readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.java'),
  )
  for (const name of names.sort()) hash.update(name).update(readFileSync(join(folder, 'src', name)))
  return hash.digest('hex')
}

/** @returns undefined where there is no such command */
async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await run(command, args)
    return stdout + stderr
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

const major = (text: string): number => Number(/version "(\d+)/.exec(text)?.[1] ?? 0)
