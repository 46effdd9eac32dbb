import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withSection } from '../../src/peers/page.js'
import { works } from '../../src/peers/works.js'

const root = join(import.meta.dirname, '../../..')
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const page = text('docs/benchmarks.md')

test('a section is replaced, and nothing else', () => {
  const before = 'a\n<!-- peers: io -->\nold\n<!-- end -->\nb\n<!-- peers: cpu -->\nkept\n<!-- end -->\n'
  expect(withSection(before, 'io', 'new')).toBe(before.replace('old', 'new'))
})

test('figures without a section in the page are an error', () => {
  expect(() => withSection('<!-- peers: io -->\n', 'io', 'new')).toThrow('peers: io')
  expect(() => withSection('<!-- end -->', 'io', 'new')).toThrow('peers: io')
})

test('the page has a section for each work', () => {
  for (const { name } of works) expect(withSection(page, name, 'new figures')).toContain('new figures')
})

test('the page names the versions that run', () => {
  const { dependencies, devDependencies } = JSON.parse(text('benchmarks/package.json')) as {
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const pom = text('benchmarks/peers/java/pom.xml')
  const inPom = (artifact: string) =>
    new RegExp(`<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)`).exec(pom)![1]!
  const version = (program: string) => new RegExp(`^\\| ${program} \\| ([^ ,|]+)`, 'm').exec(page)![1]
  expect({
    rdkafka: version('node-rdkafka'),
    kafkajs: version('kafkajs'),
    piscina: version('kafkajs \\+ piscina'),
    client: version("Kafka's Java client"),
    parallel: version('Parallel Consumer'),
  }).toEqual({
    rdkafka: dependencies['node-rdkafka'],
    kafkajs: devDependencies.kafkajs,
    piscina: devDependencies.piscina,
    client: inPom('kafka-clients'),
    parallel: inPom('parallel-consumer-core'),
  })
})
