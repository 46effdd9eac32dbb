// @ts-check
/** The folders of the packages that users can install. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param {string} root */
export function publishedFolders(root) {
  const folders = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name))
  const published = folders.filter((folder) => !JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).private)
  if (published.length === 0) throw new Error(`no package in ${root}/packages is published`)
  return published
}
