import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { defaultSpeedup } from '../../src/config/cpu-quota.js'

/** A machine with these files below its root. */
function machine(files: Record<string, string>, available = 8) {
  const root = mkdtempSync(join(tmpdir(), 'zk-cgroup-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return defaultSpeedup({ root, available })
}

const v2 = 'proc/self/cgroup'

test.each<[string, Record<string, string>, number]>([
  ['no cgroups at all', {}, 8],
  ['version 2 without a quota', { [v2]: '0::/\n', 'sys/fs/cgroup/cpu.max': 'max 100000\n' }, 8],
  ['version 2, in a container', { [v2]: '0::/\n', 'sys/fs/cgroup/cpu.max': '200000 100000\n' }, 2],
  [
    'version 2, a service of its own',
    { [v2]: '0::/system.slice/zk.service\n', 'sys/fs/cgroup/system.slice/zk.service/cpu.max': '300000 100000' },
    3,
  ],
  [
    'version 2, the tightest of the parents counts',
    {
      [v2]: '0::/kube/pod/app\n',
      'sys/fs/cgroup/kube/pod/app/cpu.max': '400000 100000',
      'sys/fs/cgroup/kube/pod/cpu.max': '300000 100000',
      'sys/fs/cgroup/kube/cpu.max': 'max 100000',
    },
    3,
  ],
  [
    'version 2, a path of the host that is not mounted here',
    { [v2]: '0::/host/docker/abc\n', 'sys/fs/cgroup/cpu.max': '100000 100000' },
    1,
  ],
  [
    'version 1',
    {
      [v2]: '12:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n',
      'sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us': '250000\n',
      'sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us': '50000\n',
    },
    5,
  ],
  [
    'version 1 without a quota',
    {
      [v2]: '4:cpu:/\n',
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    },
    8,
  ],
  [
    'another controller with cpu in its name',
    {
      [v2]: '5:cpuset:/\n',
      'sys/fs/cgroup/cpuset/cpu.cfs_quota_us': '100000',
      'sys/fs/cgroup/cpuset/cpu.cfs_period_us': '100000',
    },
    8,
  ],
  ['a fraction is rounded down', { [v2]: '0::/\n', 'sys/fs/cgroup/cpu.max': '190000 100000' }, 1],
  ['never below one', { [v2]: '0::/\n', 'sys/fs/cgroup/cpu.max': '10000 100000' }, 1],
  ['a quota above the machine', { [v2]: '0::/\n', 'sys/fs/cgroup/cpu.max': '1600000 100000' }, 8],
  ['nonsense', { [v2]: 'garbage\n0::/\n', 'sys/fs/cgroup/cpu.max': 'lots' }, 8],
])('%s', (_what, files, speedup) => {
  expect(machine(files).speedup).toBe(speedup)
})

test('the reason names the quota or the CPUs', () => {
  expect(machine({ [v2]: '0::/\n', 'sys/fs/cgroup/cpu.max': '150000 100000' }).reason).toBe(
    "the cgroup's CPU quota is 1.5, of 8 available CPUs",
  )
  expect(machine({}).reason).toBe('8 CPUs are available')
  expect(machine({}, 1).reason).toBe('1 CPU is available')
})

test('on this machine it is between one and what is available', () => {
  const { speedup } = defaultSpeedup()
  expect(speedup).toBeGreaterThanOrEqual(1)
  expect(speedup).toBeLessThanOrEqual(availableParallelism())
})
