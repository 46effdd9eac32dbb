import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The nearest folder from `folder` upwards that has a package.json: where Node begins to look for packages. */
export function packageRoot(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at
    if (dirname(at) === at) return undefined
  }
}
