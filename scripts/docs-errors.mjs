/**
 * Makes packages/runtime/src/generated/error-pages.ts from docs/errors.md, so that `zk explain` works in the
 * published package, which has no docs folder.
 *
 * node scripts/docs-errors.mjs          write
 * node scripts/docs-errors.mjs --check  exit 1 when the file is not what the page gives
 */

import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeOrCheck } from './docs-generated.mjs'

const page = fileURLToPath(new URL('../docs/errors.md', import.meta.url))
const target = fileURLToPath(new URL('../packages/runtime/src/generated/error-pages.ts', import.meta.url))

writeOrCheck(target, generate(readFileSync(page, 'utf8')), 'node scripts/docs-errors.mjs')

function generate(markdown) {
  const sections = markdown
    .split(/^(?=#{2,3} )/m)
    .filter((section) => section.startsWith('### ZK_'))
    .map((section) => [/^### (\S+)/.exec(section)[1], section.replace(/^### /, '# ').trim()])
  const entries = sections.map(([code, text]) => `  ${code}: ${templateLiteral(text)},\n`)
  return (
    '// Generated from docs/errors.md by scripts/docs-errors.mjs. Do not edit.\n' +
    `export const errorPages: Readonly<Record<string, string>> = {\n${entries.join('')}}\n`
  )
}

function templateLiteral(text) {
  return `\`${text.replace(/[\\`]|\$\{/g, '\\$&')}\``
}
