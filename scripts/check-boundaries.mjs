#!/usr/bin/env node
/**
 * Keeps the house in order: which package may use which, what the engine must not touch, who may load the Kafka client.
 *
 * `violationsIn` is pure, so that its test can break each rule; run as a program it checks the working tree.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the source of each package may import of the others. Tests may use more: they are not published. */
const MAY_USE = {
  engine: [],
  formats: [],
  native: [],
  runtime: ['engine', 'formats', 'native'],
  testing: ['runtime', 'engine', 'formats'],
  simulation: ['engine'],
}

/** The engine decides and does nothing else: time, chance and the outside come in as arguments and effects. */
const NOT_IN_ENGINE =
  /(?<![\w$.#])(setTimeout|setInterval|setImmediate|queueMicrotask|Date|performance|process|crypto|globalThis|fetch|Math\s*\.\s*random)(?![\w$])/g

/** Loaded by worker threads, where a second node-rdkafka cannot be: nothing that these import may reach it. */
const THREAD_ENTRIES = [
  'packages/runtime/src/processor.ts',
  'packages/runtime/src/threads/thread-main.ts',
  // The test kit does without it too.
  'packages/runtime/src/internal.ts',
]

/** Loaded anew by each worker thread, while users wait for its start: of the engine only what a thread needs. */
const LEAN_ENTRIES = ['packages/runtime/src/processor.ts', 'packages/runtime/src/threads/thread-main.ts']

/** Judges the engine, so that nothing of the engine may have a say in it: types at most, and nothing else of the simulation. */
const CHECKER = 'packages/simulation/src/checker/'

/** A seed is the same story everywhere; only the command line may know the time. */
const NOT_IN_SCHEDULES =
  /(?<![\w$.#])(Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|Intl|Math\s*\.\s*(?:random|exp|log\w*|pow|sin\w*|cos\w*|tan\w*))(?![\w$])|localeCompare/g
const SEEDED = /^packages\/simulation\/src\/(?!cli\.ts$)/

const IMPORT =
  /(?:^|[;\s{}(])(?:(?:import|export)\s+(type\s+)?(?:[\w$*{},\s]*?\sfrom\s*)?|import\s*\(\s*|require(?:\.resolve)?\s*\(\s*|import\.meta\.resolve\s*\(\s*)(['"])([^'"\n]+)\2/g

/**
 * @typedef {{ path: string, text: string }} SourceFile path from the root, with slashes
 * @param {readonly SourceFile[]} files sources and package.json files
 * @returns {string[]} one sentence a violation
 */
export function violationsIn(files) {
  const sources = files.filter(({ path }) => !path.endsWith('package.json'))
  return [
    ...files.filter(({ path }) => path.endsWith('package.json')).flatMap(dependsUpward),
    ...sources.flatMap(importsAcross),
    ...sources.flatMap(loadsKafkaClient),
    ...sources.flatMap(touchesOutside),
    ...sources.flatMap(isBiased),
    ...reachesFromThreads(sources),
  ]
}

/** @param {SourceFile} file */
function dependsUpward({ path, text }) {
  const name = packageOf(path)
  if (name === undefined) return []
  const { dependencies, optionalDependencies, peerDependencies } = JSON.parse(text)
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
    .filter((dependency) => isUpward(name, dependency))
    .map((dependency) => `${path}: @zk/${name} must not depend on ${dependency}`)
}

/** @param {SourceFile} file */
function importsAcross(file) {
  const name = packageOf(file.path)
  return importsOf(file).flatMap(({ specifier }) => {
    if (specifier.startsWith('.')) {
      const target = packageOf(resolved(file.path, specifier))
      return target === undefined || target === name
        ? []
        : [`${file.path}: imports ${specifier} of another package; use @zk/${target}`]
    }
    return name !== undefined && isPublished(file.path) && isUpward(name, specifier)
      ? [`${file.path}: @zk/${name} must not import ${specifier}`]
      : []
  })
}

/** @param {SourceFile} file */
function loadsKafkaClient(file) {
  const name = packageOf(file.path)
  if (name === undefined || name === 'native' || !isPublished(file.path)) return []
  if (file.path.startsWith('packages/runtime/src/kafka/')) return []
  return importsOf(file)
    .filter(({ specifier }) => isPackage(specifier, 'node-rdkafka'))
    .map(() => `${file.path}: only packages/runtime/src/kafka and @zk/native may import node-rdkafka`)
}

/** @param {SourceFile} file */
function touchesOutside(file) {
  if (SEEDED.test(file.path)) {
    const touched = withoutStrings(withoutComments(file.text)).matchAll(NOT_IN_SCHEDULES)
    return [...touched].map(([what]) => `${file.path}: a schedule must not depend on ${what}`)
  }
  if (!file.path.startsWith('packages/engine/src/')) return []
  const imported = importsOf(file).filter(({ specifier }) => !specifier.startsWith('.'))
  const touched = withoutStrings(withoutComments(file.text)).matchAll(NOT_IN_ENGINE)
  return [
    ...imported.map(({ specifier }) => `${file.path}: the engine imports nothing, not even ${specifier}`),
    ...[...touched].map(([what]) => `${file.path}: the engine must not touch ${what}`),
  ]
}

/** @param {SourceFile} file */
function isBiased(file) {
  if (!file.path.startsWith(CHECKER)) return []
  return importsOf(file)
    .filter(({ specifier, isType }) => {
      if (specifier.startsWith('.')) return !resolved(file.path, specifier).startsWith(CHECKER)
      return !(isType && specifier === '@zk/engine')
    })
    .map(({ specifier }) => `${file.path}: the checker judges by itself and must not import ${specifier}`)
}

/** @param {readonly SourceFile[]} sources */
function reachesFromThreads(sources) {
  const byPath = new Map(sources.map((file) => [file.path, file]))
  return THREAD_ENTRIES.flatMap((entry) => {
    const seen = new Set([entry])
    for (const path of seen) {
      const file = byPath.get(path)
      if (file === undefined) continue
      for (const { specifier, isType } of importsOf(file)) {
        if (isType) continue
        if (isPackage(specifier, 'node-rdkafka') || isPackage(specifier, '@zk/native')) {
          return [`${entry}: reaches ${specifier} through ${path}, and is loaded by worker threads`]
        }
        if (specifier === '@zk/engine' && LEAN_ENTRIES.includes(entry)) {
          return [`${entry}: reaches all of @zk/engine through ${path}; use @zk/engine/in-thread`]
        }
        if (specifier.startsWith('.')) seen.add(resolved(path, specifier).replace(/\.js$/, '.ts'))
      }
    }
    return []
  })
}

/** @param {SourceFile} file */
function importsOf({ text }) {
  return [...withoutComments(text).matchAll(IMPORT)].map(([, type, , specifier]) => ({
    specifier: /** @type {string} */ (specifier),
    isType: type !== undefined,
  }))
}

/** @param {string} text */
function withoutComments(text) {
  // Strings are matched first and kept, so that a URL in one does not begin a comment.
  return text.replace(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, string) => string ?? ' ',
  )
}

/** Template literals stay: code may be in them. @param {string} text */
function withoutStrings(text) {
  return text.replace(/"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, "''")
}

/** @param {string} path */
function packageOf(path) {
  return /^packages\/([^/]+)\//.exec(path)?.[1]
}

/** @param {string} path */
function isPublished(path) {
  return /^packages\/[^/]+\/(src|bin|processors)\//.test(path)
}

/**
 * @param {string} name
 * @param {string} specifier
 */
function isUpward(name, specifier) {
  const used = /^@zk\/([^/]+)/.exec(specifier)?.[1]
  return used !== undefined && used !== name && !MAY_USE[/** @type {keyof typeof MAY_USE} */ (name)]?.includes(used)
}

/**
 * @param {string} specifier
 * @param {string} name
 */
function isPackage(specifier, name) {
  return specifier === name || specifier.startsWith(`${name}/`)
}

/**
 * @param {string} from
 * @param {string} specifier
 */
function resolved(from, specifier) {
  return normalize(join(dirname(from), specifier))
    .split(sep)
    .join('/')
}

/** @param {string} root */
function filesUnder(root) {
  return ['packages', 'apps', 'benchmarks', 'compose', 'scripts']
    .map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [...walk(folder)])
    .map((path) => ({ path: relative(root, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
}

/**
 * @param {string} folder
 * @returns {Generator<string>}
 */
function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (!['node_modules', 'dist', 'build', 'coverage'].includes(entry.name)) yield* walk(path)
    } else if (entry.name === 'package.json' || /\.[cm]?[jt]s$/.test(entry.name)) {
      yield path
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = filesUnder(join(import.meta.dirname, '..'))
  const violations = violationsIn(files)
  for (const violation of violations) process.stderr.write(`${violation}\n`)
  process.stdout.write(`boundaries: ${files.length} files, ${violations.length} violations\n`)
  if (violations.length > 0) process.exitCode = 1
}
