/**
 * A package registry on the loopback interface that knows nothing but the tarballs it is given.
 *
 * Package managers treat a tarball by its path differently from a published package: its dependencies on its siblings
 * resolve to a registry, and pnpm does not take its name as an approval to run its install script. Served like this,
 * the packages are installed by the very commands that a user of published ones types, with no overrides.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

/** pnpm may refuse versions that are younger than some days. */
const PUBLISHED = '2020-01-01T00:00:00.000Z'

/** @param {string} folder with one tarball for each package */
export async function startRegistry(folder) {
  const tarballs = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  /** @type {Map<string, { file: string, manifest: Record<string, any>, bytes: Buffer }>} */
  const packages = new Map()
  for (const file of tarballs) {
    const text = execFileSync('tar', ['-xzOf', join(folder, file), 'package/package.json'], { encoding: 'utf8' })
    const manifest = JSON.parse(text)
    packages.set(manifest.name, { file, manifest, bytes: readFileSync(join(folder, file)) })
  }

  /** @param {string} path @returns {unknown | Buffer} undefined: nothing is there */
  function find(path) {
    const name = decodeURIComponent(path.slice(1))
    const found = packages.get(name)
    if (found !== undefined) return describe(found)
    return [...packages.values()].find(({ file }) => path === `/-/${file}`)?.bytes
  }

  /** @param {{ file: string, manifest: Record<string, any>, bytes: Buffer }} packed */
  function describe({ file, manifest, bytes }) {
    const { name, version, scripts = {} } = manifest
    const dist = {
      tarball: `${address}/-/${file}`,
      shasum: createHash('sha1').update(bytes).digest('hex'),
      integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    }
    const hasInstallScript = ['preinstall', 'install', 'postinstall'].some((script) => scripts[script] !== undefined)
    return {
      name,
      'dist-tags': { latest: version },
      versions: { [version]: { ...manifest, dist, ...(hasInstallScript ? { hasInstallScript } : {}) } },
      time: { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED },
    }
  }

  const server = createServer((request, response) => {
    const found = find(new URL(request.url ?? '/', address).pathname)
    if (found === undefined) return response.writeHead(404, { 'content-type': 'application/json' }).end('{}')
    if (Buffer.isBuffer(found))
      return response.writeHead(200, { 'content-type': 'application/octet-stream' }).end(found)
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found))
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const address = `http://127.0.0.1:${port}`

  return {
    /** What a project's .npmrc needs to find the packages here. */
    npmrc: `@zk:registry=${address}/\n`,
    /** Names and versions of the packages. */
    versions: new Map([...packages].map(([name, { manifest }]) => [name, String(manifest.version)])),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve(undefined))
        server.closeAllConnections()
      }),
  }
}
