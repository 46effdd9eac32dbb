import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('..', import.meta.url))
const examples = [...readFileSync(`${folder}/README.md`, 'utf8').matchAll(/```js\n([\s\S]*?)```/g)].map(
  ([, code]) => code!,
)

test('README has its examples', () => {
  expect(examples.length).toBeGreaterThanOrEqual(4)
})

// Against what is built, as users have it.
test.each(examples)('an example of README prints what it says: %#', (code) => {
  const promised = [...code.matchAll(/^console\.log\(.*\) \/\/ (.*)$/gm)].map(([, text]) => text)
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: folder,
    encoding: 'utf8',
  })
  expect(printed.trim().split('\n')).toEqual(promised)
})
