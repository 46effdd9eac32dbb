import { expect, test } from 'vitest'
import { zk } from './zk.js'

test('without a command it shows what there is', async () => {
  const { stdout, stderr } = await zk('--help')
  expect(stderr).toBe('')
  for (const name of ['run', 'demo', 'bench', 'broker', 'doctor', 'explain']) expect(stdout).toMatch(`\n  ${name} `)
  expect(stdout).toContain('Exit codes: 0 drained')
})

test.each(['run', 'demo', 'bench', 'broker', 'doctor', 'explain'])(
  'zk %s --help explains every option',
  async (name) => {
    const { code, stdout, stderr } = await zk(name, '--help')
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(stdout).toContain(`Usage: zk ${name}`)
    const options = stdout
      .slice(stdout.indexOf('Options:'))
      .split('\n')
      .filter((line) => /^ {2}-/.test(line))
    expect(options.length).toBeGreaterThan(1)
    // Flag, two spaces or more, and a sentence; a long flag has its sentence in the next line.
    const described = stdout.slice(stdout.indexOf('Options:')).replace(/\n {20,}/g, '  ')
    for (const line of described.split('\n').filter((text) => /^ {2}-/.test(text)))
      expect(line).toMatch(/^ {2}-\S.*? {2,}\S/)
    expect(stdout).toContain('--json')
  },
)

test('features that do not exist yet are not in the help of zk run', async () => {
  const { stdout } = await zk('run', '--help')
  for (const flag of ['--dlt', '--delay', '--timeout ', '--attempts']) expect(stdout).not.toContain(flag)
})

test('--version is the version of the package', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
  expect((await zk('--version')).stdout.trim()).toBe(manifest.version)
})

test.each([
  [['no-such-command'], /unknown command 'no-such-command'/],
  [['run'], /missing required argument|required option/],
  [['run', 'p.js', '--topic', 't', '--group', 'g'], /--brokers/],
  [['bench', 'p.js', '--speedup', '0'], /a whole number from 1/],
] as const)('zk %j is wrong usage: exit 1, and the help is named', async (args, text) => {
  const { code, stdout, stderr } = await zk(...args)
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(text)
  expect(stderr).toMatch(/\(zk (\w+ )?--help teaches\)/)
})
