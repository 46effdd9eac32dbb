import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import {
  clientFields,
  ownedProperties,
  readerFields,
  readerSharedFields,
  workFields,
  writerFields,
  writerOwnedProperties,
} from '../../src/config/field-docs.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

describe('every field says what it is', () => {
  const all = [...clientFields, ...workFields, ...writerFields, ...readerFields]
  test.each(all.map((field) => [field.name, field] as const))('%s', (_name, field) => {
    expect(field.description).toMatch(/^[A-Zl`].*[.]$/s)
    expect(field.change).toMatch(/\.$/)
    expect(field.expected).toMatch(/[^.]$/)
    expect(field.group).not.toBe('')
    const isRequired = /required\.$/i.test(field.change)
    expect(field.default === undefined, 'a default, unless it is required').toBe(isRequired)
  })

  test('a time in milliseconds says so in its name, its description and what is expected', () => {
    for (const { name, description, expected } of [...workFields, ...writerFields]) {
      const says = [/Ms$/.test(name), /in milliseconds/.test(description), /milliseconds/.test(expected)]
      expect(new Set(says).size, name).toBe(1)
    }
  })
})

test('what a reader shares with a work is documented there, and all else with the readers', () => {
  const [ofWorks, ofReaders] = [workFields, readerFields].map((fields) => fields.map(({ name }) => name))
  expect(ofWorks).toEqual(expect.arrayContaining(readerSharedFields))
  expect(ofReaders).toEqual(['format', 'logger'])
})

test('each owned property has its reason', () => {
  for (const [name, why] of [...ownedProperties, ...writerOwnedProperties]) expect(why, name).toMatch(/^.{15,}$/)
})

test.each(['docs-configuration', 'docs-errors', 'docs-from-zkafka'])(
  'scripts/%s.mjs --check: the generated file is up to date',
  (name) => {
    const { status, stderr } = spawnSync(process.execPath, [`scripts/${name}.mjs`, '--check'], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(status).toBe(0)
  },
)
