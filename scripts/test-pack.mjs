#!/usr/bin/env node
/**
 * Installs the packages as a user would, with pnpm and with npm, from tarballs in an empty folder, and uses them.
 *
 * The commands and modules are those of README.md. The packages come from a registry on the loopback interface, so no
 * override stands between the test and what a user of published packages types. `--only pnpm` or `--only npm` is half of
 * it, `--keep` leaves the folders behind.
 *
 * node-rdkafka takes one to three minutes to compile: npm does it each time, pnpm takes the result from its store when
 * it compiled the same version there before, such as at the installation of this workspace.
 */
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { publishedFolders } from './pack/published.mjs'
import { startRegistry } from './pack/registry.mjs'
import { run, start, succeed } from './pack/run.mjs'
import { createSteps, equal, expect } from './pack/steps.mjs'
import {
  doctor,
  processAll,
  produce,
  RECORDS,
  readme,
  TOPIC,
  tryCommands,
  typecheck,
  unitTest,
  worker,
  writeProcessors,
  zkRun,
} from './pack/use.mjs'

const root = join(import.meta.dirname, '..')
const INSTALL_TIMEOUT_MS = 10 * 60_000

/** @typedef {{ name: string, install: string, more: string, zk: string }} PackageManager */

/** @type {PackageManager[]} */
const all = [
  {
    name: 'pnpm',
    install:
      'npx -y pnpm@12 add --allow-build=node-rdkafka --allow-build=@zk/native --allow-build=esbuild @zk/runtime zod',
    more: 'npx -y pnpm@12 add -D @zk/testing',
    zk: 'npx -y pnpm@12 exec zk',
  },
  { name: 'npm', install: 'npm install @zk/runtime zod', more: 'npm install -D @zk/testing', zk: 'npx zk' },
]

const only = process.argv.indexOf('--only')
const managers = only < 0 ? all : all.filter(({ name }) => name === process.argv[only + 1])

const { step, conclude } = createSteps()
const temporary = await realpath(await mkdtemp(join(tmpdir(), 'zk-pack-')))
process.on('exit', () => {
  if (process.argv.includes('--keep')) process.stderr.write(`kept ${temporary}\n`)
  else rmSync(temporary, { recursive: true, force: true })
})
await testAll()
process.exitCode = conclude()

async function testAll() {
  const tarballs = join(temporary, 'tarballs')
  if (!(await step('every package is packed', () => pack(tarballs)))) return
  const registry = await startRegistry(tarballs)
  try {
    // Both at once, because compiling takes one CPU each.
    const installing = managers.map(async (manager) => ({
      manager,
      folder: await emptyProject(manager, registry.npmrc),
      installed: await step(`${manager.name}: README's command installs: ${manager.install}`, () =>
        install(manager, registry.versions),
      ),
    }))
    for (const { manager, folder, installed } of await Promise.all(installing)) {
      if (installed) await testInstalled(manager, folder)
    }
  } finally {
    await registry.stop()
  }
}

/** @param {string} target */
async function pack(target) {
  await mkdir(target)
  for (const folder of publishedFolders(root)) {
    await succeed(folder, `npx -y pnpm@12 pack --pack-destination ${target}`)
  }
}

/**
 * @param {PackageManager} manager
 * @param {string} npmrc
 */
async function emptyProject({ name }, npmrc) {
  const folder = folderOf(name)
  await mkdir(folder)
  await writeFile(join(folder, '.npmrc'), npmrc)
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n')
  return folder
}

/** @param {string} name */
function folderOf(name) {
  return join(temporary, `with-${name}`)
}

/**
 * @param {PackageManager} manager
 * @param {Map<string, string>} versions
 */
async function install({ name, install }, versions) {
  expect(readme.includes(`\n${install}\n`), `README.md does not give the command ${install}`)
  const folder = folderOf(name)
  await succeed(folder, install, INSTALL_TIMEOUT_MS)
  const { runtime, native } = await packagesIn(folder)
  for (const [packageName, path] of Object.entries({ '@zk/runtime': runtime, '@zk/native': native })) {
    const { version } = JSON.parse(await readFile(join(path, 'package.json'), 'utf8'))
    equal(version, versions.get(packageName), `version of ${packageName}`)
    expect(!path.startsWith(root), `${packageName} is the workspace's own`)
  }
  expect(existsSync(addonIn(native)), 'the addon was not compiled')
}

/**
 * @param {PackageManager} manager
 * @param {string} folder
 */
async function testInstalled({ name, more, zk }, folder) {
  await writeProcessors(folder)
  // Before anything changes node_modules: npm would compile node-rdkafka again, whose package.json says v3.6.1 where the
  // registry says 3.6.1. The cache of a TypeScript processor is such a change.
  await step(`${name}: a unit test with @zk/testing: ${more}`, () => unitTest(folder, more))
  await step(`${name}: ${zk} doctor finds nothing to mend`, () => doctor(folder, zk))
  await step(`${name}: zk demo, bench and explain work outside of the workspace`, () => tryCommands(folder))
  /** @type {Awaited<ReturnType<typeof start>> | undefined} */
  let broker
  await step(`${name}: zk broker starts`, async () => {
    broker = await start(folder, join(folder, 'node_modules', '.bin', 'zk'), [
      'broker',
      '--topics',
      TOPIC,
      '--partitions',
      '4',
      '--json',
    ])
  })
  if (broker === undefined) return
  const { ready, stop } = broker
  try {
    await testWithBroker(name, folder, ready.bootstrapServers)
  } finally {
    await step(`${name}: zk broker ends with 0 at SIGTERM`, async () => equal(await stop(), 0, 'exit code'))
  }
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {string} bootstrapServers
 */
async function testWithBroker(name, folder, bootstrapServers) {
  const produced = await step(`${name}: its node-rdkafka produces ${RECORDS} records`, () =>
    produce(folder, bootstrapServers),
  )
  if (!produced) return
  await step(`${name}: zk run, JavaScript processor (ES module)`, () =>
    processAll(folder, bootstrapServers, 'processor.js'),
  )
  await step(`${name}: zk run, CommonJS processor`, () => processAll(folder, bootstrapServers, 'processor.cjs'))
  await step(`${name}: zk run, README's TypeScript processor, whose schema fails the record that is no order`, () =>
    processAll(folder, bootstrapServers, 'processor.ts', { failed: 1 }),
  )
  await step(`${name}: README's worker in JavaScript runs and drains at SIGTERM`, () =>
    worker(folder, bootstrapServers),
  )
  await step(`${name}: TypeScript accepts README's processor and worker against the installed types`, () =>
    typecheck(folder),
  )
  await testWithoutAddon(name, folder, bootstrapServers)
}

/**
 * @param {string} name
 * @param {string} folder
 * @param {string} bootstrapServers
 */
async function testWithoutAddon(name, folder, bootstrapServers) {
  const { native, client } = await packagesIn(folder)
  let fix = ''
  await rm(join(native, 'build'), { recursive: true })
  await step(`${name}: without the addon, --reader native fails and names the command that mends it`, async () => {
    const { code, stderr } = await run(folder, zkRun(bootstrapServers, 'processor.js', 'native', '--reader native'))
    equal(code, 1, 'exit code')
    expect(stderr.includes('ZK_NATIVE_NOT_BUILT'), `no ZK_NATIVE_NOT_BUILT in:\n${stderr}`)
    fix = new RegExp(`\`(${name} [^\`]+)\``).exec(stderr)?.[1] ?? ''
    expect(fix !== '', `no command of ${name} in:\n${stderr}`)
  })
  await step(`${name}: without the addon, the default reader warns once and works`, async () => {
    const { stderr } = await processAll(folder, bootstrapServers, 'processor.js', {}, 'without-addon')
    const warnings = stderr.split('\n').filter((line) => line.startsWith('{') && JSON.parse(line).level >= 40)
    equal(warnings.length, 1, `warnings in:\n${stderr}\nnumber`)
    expect(/native reader is not available/.test(warnings[0] ?? ''), `another warning: ${warnings[0]}`)
  })
  // Package managers run install scripts side by side: the addon must not need what node-rdkafka's makes.
  const aside = join(temporary, `node-rdkafka-build-of-${name}`)
  await rename(join(client, 'build'), aside)
  await step(`${name}: that command compiles the addon beside a node-rdkafka that is not compiled`, async () => {
    expect(fix !== '', 'no command was named')
    await succeed(folder, fix.replace(/^pnpm /, 'npx -y pnpm@12 '), INSTALL_TIMEOUT_MS)
    expect(!existsSync(join(client, 'build')), 'node-rdkafka was compiled too')
    expect(existsSync(addonIn(native)), 'the addon was not compiled')
  })
  await rm(join(client, 'build'), { recursive: true, force: true })
  await rename(aside, join(client, 'build'))
  await step(`${name}: with it, --reader native works`, () =>
    processAll(folder, bootstrapServers, 'processor.js', {}, 'mended', '--reader native'),
  )
}

/** Where the packages really are. @param {string} folder */
async function packagesIn(folder) {
  const runtime = await realpath(join(folder, 'node_modules', '@zk', 'runtime'))
  const resolve = createRequire(join(runtime, 'dist', 'index.js')).resolve
  return {
    runtime,
    native: dirname(dirname(resolve('@zk/native'))),
    client: dirname(resolve('node-rdkafka/package.json')),
  }
}

/** @param {string} native */
function addonIn(native) {
  return join(native, 'build', 'Release', 'zk_native.node')
}
