#!/usr/bin/env node
/**
 * Builds the image of apps/examples/worker where a builder exists, and asks what is in it whether it works.
 *
 * Without a builder that answers it says that nothing was tried, and succeeds: most machines that run the tests are
 * containers themselves.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const image = 'zk-example-worker:test'

const builder = ['docker', 'podman'].find((name) => spawnSync(name, ['info'], { stdio: 'ignore' }).status === 0)
if (builder === undefined) {
  console.log('The image was not tried: neither docker nor podman answers on this machine')
} else {
  run(['build', '-f', 'apps/examples/worker/Dockerfile', '-t', image, '.'])
  run(['run', '--rm', image, '--version'])
  // The Kafka client, the addon, zstd and esbuild are there and load, for the user of the image.
  run(['run', '--rm', image, 'doctor'])
}

/** @param {string[]} args */
function run(args) {
  console.log(`${builder} ${args.join(' ')}`)
  const { status, error } = spawnSync(builder, args, { cwd: root, stdio: 'inherit' })
  if (status === 0) return
  console.error(error?.message ?? `It ended with ${status}`)
  process.exit(1)
}
