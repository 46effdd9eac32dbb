import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { folderOf } from './fixture.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** The compiler's complaints about a file, with the settings of the project. */
function compile(file: string): string {
  const folder = folderOf({})
  const config = {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    files: [file],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }).stdout
}

test('handlers get the types of their format, their setup and their options; pino is a logger', () => {
  const file = fileURLToPath(new URL('types.fixture.ts', import.meta.url))
  expect(compile(file)).toBe('')
})
