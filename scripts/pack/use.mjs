/** What a user does with the installed packages, each as a promise that throws where it does not hold. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { succeed } from './run.mjs'
import { equal, expect } from './steps.mjs'

const root = join(import.meta.dirname, '..', '..')
const producer = fileURLToPath(new URL('./produce.mjs', import.meta.url))
export const readme = await readFile(join(root, 'README.md'), 'utf8')
/** Good orders on the topic; there is one more record, which is none. */
const ORDERS = 500
export const RECORDS = ORDERS + 1
export const TOPIC = 'orders'

/**
 * @param {string} folder
 * @param {string} zk
 */
export async function doctor(folder, zk) {
  const { stdout } = await succeed(folder, `${zk} doctor --json`)
  const checks = jsonLines(stdout).filter(({ event }) => event === 'check')
  for (const name of ['node', 'node-rdkafka', 'native reader', 'TypeScript']) {
    equal(checks.find((check) => check.name === name)?.result, 'ok', `check ${name} in:\n${stdout}\nresult`)
  }
}

/**
 * @param {string} folder
 * @param {string} bootstrapServers
 */
export async function produce(folder, bootstrapServers) {
  await succeed(root, `node ${producer} ${folder} ${bootstrapServers} ${TOPIC} ${ORDERS}`)
}

/** @param {string} folder */
export async function writeProcessors(folder) {
  const body = `setup({ options }) { return options },
  process(message, ctx) {
    if (!Buffer.isBuffer(message.value)) throw new Error('the value is no Buffer')
    appendFileSync(ctx.state.seen, ctx.idempotencyKey + '\\n')
  },`
  const files = {
    'processor.js':
      `import { appendFileSync } from 'node:fs'\nimport { defineProcessor } from '@zk/runtime/processor'\n` +
      `export default defineProcessor({\n  ${body}\n})\n`,
    'processor.cjs':
      `const { appendFileSync } = require('node:fs')\nconst { defineProcessor } = require('@zk/runtime/processor')\n` +
      `module.exports = defineProcessor({\n  ${body}\n})\n`,
    'processor.ts': fromReadme('processor.ts'),
    'worker.js': fromReadme('worker.js'),
    'options.json': JSON.stringify({ seen: join(folder, 'seen') }),
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

/** @param {string} name the module whose block begins with a comment of its name */
function fromReadme(name) {
  const block = new RegExp(`\`\`\`[jt]s\n(// ${name.replace('.', '\\.')}\n[^]*?)\`\`\``).exec(readme)?.[1]
  if (block === undefined) throw new Error(`README.md has no ${name}`)
  return block
}

/**
 * @param {string} folder
 * @param {string} bootstrapServers
 * @param {string} processor
 * @param {{ failed?: number }} [expected]
 * @param {string} [group]
 * @param {string} [more]
 */
export async function processAll(
  folder,
  bootstrapServers,
  processor,
  { failed = 0 } = {},
  group = processor,
  more = '',
) {
  const seen = join(folder, 'seen')
  await rm(seen, { force: true })
  const ended = await succeed(folder, zkRun(bootstrapServers, processor, group, more))
  const stopped = jsonLines(ended.stdout).at(-1)
  const counts = { event: stopped?.event, processed: stopped?.processed, failed: stopped?.failed }
  const wanted = { event: 'stopped', processed: RECORDS, failed }
  equal(JSON.stringify(counts), JSON.stringify(wanted), `in:\n${ended.output}\nend`)
  equal(stopped.committed, RECORDS, 'committed')
  // README's processor keeps no file: there the schema's failure is the proof that it ran.
  if (failed > 0) return ended
  const handled = (await readFile(seen, 'utf8')).trim().split('\n')
  equal(handled.length, RECORDS, 'calls of the handler')
  equal(new Set(handled).size, RECORDS, 'records that the handler saw')
  return ended
}

/**
 * @param {string} bootstrapServers
 * @param {string} processor
 * @param {string} group
 * @param {string} more
 */
export function zkRun(bootstrapServers, processor, group, more) {
  const zk = join('node_modules', '.bin', 'zk')
  const source = `--brokers ${bootstrapServers} --topic ${TOPIC} --group ${group}`
  return `${zk} run ${processor} ${source} --speedup 2 --options options.json --until-end --json ${more}`
}

/**
 * @param {string} folder
 * @param {string} bootstrapServers
 */
export async function worker(folder, bootstrapServers) {
  const code = (await readFile(join(folder, 'worker.js'), 'utf8')).replace('localhost:9092', bootstrapServers)
  // What a supervisor does when it is time, but without a clock: once all is committed.
  const watched = code.replace(
    'work.run({',
    `work.run({ onEvent: ({ type }) => type === 'committed' && work.state()?.counters.processed === ${RECORDS} && !shutdown.signal.aborted && process.kill(process.pid, 'SIGTERM'),`,
  )
  expect(watched !== code, 'README.md has no work.run({ in worker.js')
  await writeFile(join(folder, 'watched-worker.mjs'), watched)
  const { output } = await succeed(folder, 'node watched-worker.mjs')
  expect(new RegExp(`processed: ${RECORDS},`).test(output), `not ${RECORDS} processed in:\n${output}`)
}

/** @param {string} folder */
export async function typecheck(folder) {
  const options = '--noEmit --strict --module nodenext --target es2022 --allowJs --checkJs --types node'
  const types = `--typeRoots ${join(root, 'node_modules', '@types')}`
  await succeed(folder, `${join(root, 'node_modules', '.bin', 'tsc')} ${options} ${types} processor.ts worker.js`)
}

/** @param {string} folder */
export async function tryCommands(folder) {
  const zk = join('node_modules', '.bin', 'zk')
  const demo = jsonLines((await succeed(folder, `${zk} demo --messages 400 --speedup 2 --json`)).stdout)
  const runs = demo.filter(({ event }) => event === 'run')
  equal(
    JSON.stringify(runs.map(({ lost, outOfOrder }) => [lost, outOfOrder])),
    '[[0,0],[0,0]]',
    'lost and out of order',
  )
  await writeFile(join(folder, 'idle.mjs'), 'export default { process() {} }\n')
  await succeed(folder, `${zk} bench idle.mjs --messages 400 --speedup 1,2 --json`)
  const page = (await succeed(folder, `${zk} explain ZK_TOPIC_NOT_FOUND`)).stdout
  expect(page.includes('What to do.'), `no page of an error in:\n${page}`)
}

/**
 * @param {string} folder
 * @param {string} install
 */
export async function unitTest(folder, install) {
  await succeed(folder, install, 120_000)
  const code = `
    import { runProcessor } from '@zk/testing'
    import processor from './processor.js'
    const [outcome] = await runProcessor(processor, [{ key: 'a', value: Buffer.from('1') }], { options: { seen: 'tested' } })
    process.exitCode = outcome?.ok ? 0 : 1`
  await writeFile(join(folder, 'unit-test.js'), code)
  await succeed(folder, 'node unit-test.js')
  equal(
    await readFile(join(folder, 'tested'), 'utf8').then((text) => text.split('\n').length),
    2,
    'lines of the handler',
  )
  await succeed(folder, 'node_modules/.bin/zk-ledger --help')
}

/** @param {string} text */
function jsonLines(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}
