import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { zk } from './zk.js'

test('without a command it shows what there is', async () => {
  const { stdout, stderr } = await zk('--help')
  expect(stderr).toBe('')
  for (const name of ['run', 'demo', 'bench', 'broker', 'dlt', 'doctor', 'explain'])
    expect(stdout).toMatch(`\n  ${name} `)
  expect(stdout).toContain('Exit codes: 0 drained')
})

test.each(['run', 'demo', 'bench', 'broker', 'doctor', 'explain', 'dlt ls', 'dlt replay'])(
  'zk %s --help explains every option',
  async (name) => {
    const { code, stdout, stderr } = await zk(...name.split(' '), '--help')
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

test('--version is the version of the package', async () => {
  const { default: manifest } = await import('../../package.json', { with: { type: 'json' } })
  expect((await zk('--version')).stdout.trim()).toBe(manifest.version)
})

const where = ['--brokers', '127.0.0.1:1', '--topic', 't', '--group', 'g']

test.each([
  [[], /^ZK_CLI_USAGE: a command is missing\. See zk --help\.$/m],
  [['rum'], /^ZK_CLI_USAGE: unknown command 'rum' \(Did you mean run\?\)\. See zk --help\.$/m],
  [['bench'], /^ZK_CLI_USAGE: missing required argument 'processor'\. See zk bench --help\.$/m],
  [['run', 'p.js', '--topic', 't', '--group', 'g'], /^ZK_CLI_USAGE: required option '--brokers <list>' not specified/m],
  [['run', 'p.js', ...where, '--dealy', '1'], /^ZK_CLI_USAGE: unknown option '--dealy'/m],
  [['run', 'p.js', '--speedup', '1.5'], /^ZK_CLI_USAGE: .*'1\.5' is invalid\. Expected a whole number\. See/m],
  [
    ['run', 'p.js', '--concurrency', 'many'],
    /^ZK_CLI_USAGE: .*'many' is invalid\. Expected a whole number, or auto\. See/m,
  ],
  [
    ['run', 'p.js', '--log-level', 'loud'],
    /^ZK_CLI_USAGE: .*'loud' is invalid\. Allowed choices are trace, .*silent\./m,
  ],
  [['run', 'p.js', '--log-level', ''], /^ZK_CLI_USAGE: .*'--log-level <level>' argument '' is invalid/m],
  [['dlt'], /^ZK_CLI_USAGE: a command is missing\. See zk dlt --help\.$/m],
  [
    ['dlt', 'ls', '--brokers', 'a:1'],
    /^ZK_CLI_USAGE: required option '--topic <name>' not specified\. See zk dlt ls --help/m,
  ],
  [['dlt', 'ls', '--topic', '^a'], /^ZK_CLI_USAGE: .*Expected names, not a pattern\. See zk dlt ls --help/m],
  [['dlt', 'ls', '--since', 'soon'], /^ZK_CLI_USAGE: .*'soon' is invalid\. Expected a time, such as/m],
  [
    ['dlt', 'replay', '--brokers', 'a:1', '--topic', 'd', '--to', 'd'],
    /^ZK_CLI_USAGE: --to is the dead letter topic itself\. See zk dlt replay --help/m,
  ],
  [['bench', 'p.js', '--speedup', '0'], /^ZK_CLI_USAGE: .*a whole number from 1\. See zk bench --help\.$/m],
] as const)('zk %j is wrong usage: exit 1, its code, and where to read on', async (args, text) => {
  const { code, stdout, stderr } = await zk(...args)
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(text)
  expect(stderr).toMatch(/\(zk explain ZK_CLI_USAGE says more\)\n$/)
})

test.each([
  [
    ['run', 'p.js', '--prop', 'sasl.password:hunter2'],
    "option '--prop <key=value>' has an invalid argument. Expected key=value.",
  ],
  [
    ['run', 'p.js', '--sasl', 'hunter2'],
    "option '--sasl <mechanism>' has an invalid argument. Allowed choices are plain, scram-sha-256",
  ],
  [['dlt', 'ls', '--sasl', "it's 'hunter2'"], "option '--sasl <mechanism>' has an invalid argument."],
  [['doctor', '--sasl.password=hunter2'], "unknown option '--sasl.password=…'"],
  [['doctor', '-phunter2'], "unknown option '-p…'"],
  [['doctor', "-p'hunter2'"], "unknown option '-p…'"],
  [['doctor', '--tls', 'hunter2'], 'too many arguments'],
  [
    ['dlt', 'ls', '--topic', 't', '--config', '{"sasl":{"password":"hunter2"}}'],
    'it expects a file of fields, not the fields themselves',
  ],
  [['bench', 'p.js', '--options', '{"password":"hunter2"}'], 'Expected a file of JSON, not the JSON itself.'],
  [
    ['run', 'p.js', '--brokers', 'sasl://user:hunter2@h:9092', '--topic', 't', '--group', 'g'],
    'sasl://[redacted]@h:9092',
  ],
  [['run', 'p.js', '--options', 'PATH'], "Expected a file of JSON: Unexpected token 'h'"],
])('zk %j does not repeat what may be a secret', async (args, text) => {
  const file = join(mkdtempSync(join(tmpdir(), 'zk-help-')), 'options.json')
  onTestFinished(() => rmSync(dirname(file), { recursive: true }))
  writeFileSync(file, '{"password": hunter2}')
  const given = args.map((arg) => (arg === 'PATH' ? file : arg))
  for (const json of [[], ['--json']]) {
    const { code, stdout, stderr } = await zk(...given, ...json)
    expect(code).toBe(1)
    expect(stderr).toContain(text)
    expect(stdout + stderr).not.toContain('hunter2')
  }
})
