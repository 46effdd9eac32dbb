/**
 * How many threads the machine has room for.
 *
 * In a container `os.availableParallelism()` is the host's number, because a CPU quota does not show in the CPU
 * affinity that Node 20 counts: eight threads on a quota of one CPU spend most of their time throttled. So the quotas
 * of the process's cgroup and of all cgroups above it are read, for both versions of cgroups.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'

export interface DefaultSpeedup {
  speedup: number
  /** Where the number comes from, for the start log. */
  reason: string
}

export interface Machine {
  /** Where `proc` and `sys` are; another one than `/` in tests. */
  root?: string
  available?: number
}

export function defaultSpeedup({ root = '/', available = availableParallelism() }: Machine = {}): DefaultSpeedup {
  const quota = cpuQuota(root)
  if (quota === undefined || quota >= available) {
    return { speedup: available, reason: `${available} ${available === 1 ? 'CPU is' : 'CPUs are'} available` }
  }
  // Rounded down: the main thread and librdkafka's own threads live on the same quota.
  const speedup = Math.max(1, Math.floor(quota))
  return { speedup, reason: `the cgroup's CPU quota is ${Number(quota.toFixed(2))}, of ${available} available CPUs` }
}

/** The smallest quota that applies to this process, in CPUs; undefined when there is none. */
function cpuQuota(root: string): number | undefined {
  const quotas = (read(join(root, 'proc/self/cgroup')) ?? '').split('\n').flatMap((line) => {
    // Version 2: `0::/path`. Version 1: `4:cpu,cpuacct:/path`, mounted below the names of its controllers.
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) return []
    const mount = join(root, 'sys/fs/cgroup', controllers)
    if (controllers === '') return foldersUpTo(mount, path).map(quotaOfVersion2)
    return controllers.split(',').includes('cpu') ? foldersUpTo(mount, path).map(quotaOfVersion1) : []
  })
  const limits = quotas.filter((quota) => quota !== undefined)
  return limits.length === 0 ? undefined : Math.min(...limits)
}

/** A container may see its own path below the host's, where nothing is mounted: such folders just have no files. */
function foldersUpTo(mount: string, path: string): string[] {
  const folders = [mount]
  for (let at = join('/', path); at !== '/'; at = dirname(at)) folders.push(join(mount, at))
  return folders
}

/** `max 100000`, or quota and period in microseconds. */
function quotaOfVersion2(folder: string): number | undefined {
  const [quota, period] = (read(join(folder, 'cpu.max')) ?? '').trim().split(/\s+/)
  return ratio(quota, period)
}

/** A quota of -1 is none. */
function quotaOfVersion1(folder: string): number | undefined {
  return ratio(read(join(folder, 'cpu.cfs_quota_us')), read(join(folder, 'cpu.cfs_period_us')))
}

function ratio(quota: string | undefined, period: string | undefined): number | undefined {
  const cpus = Number(quota) / Number(period)
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
