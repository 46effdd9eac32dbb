/**
 * `--config work.json` or `work.ts`: the fields of a work, and those of its client beside them.
 *
 * In JSON `{ "env": "NAME" }` stands for what the environment has under that name, so that a file without secrets can be
 * committed; a module reads `process.env` itself. Paths are relative to the file.
 */
import { readFileSync } from 'node:fs'
import { dirname, extname, resolve } from 'node:path'
import { clientSchema } from '../config/client-config.js'
import { formatPath } from '../config/format-path.js'
import { isPem } from '../config/tls.js'
import { errors } from '../errors.js'
import { resolveProcessor } from '../processor-module/resolve-processor.js'
import { ZkError } from '../zk-error.js'

export type Fields = Record<string, unknown>

export interface FileConfig {
  client: Fields
  work: Fields
}

/** Fields of both, which are the work's here; and `zk run` has a logger of its own. */
const ofWork = ['clientId', 'additionalProps', 'hooks', 'tracer', 'propagator', 'logger']
/** What of a file belongs to the client. */
const ofClient = Object.keys(clientSchema.shape).filter((name) => !ofWork.includes(name))

/** @throws ZkError ZK_CONFIG_FILE, ZK_TYPESCRIPT_* */
export async function readConfigFile(file: string): Promise<FileConfig> {
  if (isJsonItself(file))
    throw errors.ZK_CONFIG_FILE('--config', 'it expects a file of fields, not the fields themselves')
  const path = resolve(file)
  const given = extname(path) === '.json' ? jsonOf(path) : await moduleOf(path)
  if (!isFields(given)) throw errors.ZK_CONFIG_FILE(file, 'it is no object of fields; docs/configuration.md lists them')
  const fields = atItsPlace(given, dirname(path))
  const { bootstrapServers } = fields
  // As one text it can come from one variable.
  if (typeof bootstrapServers === 'string')
    fields.bootstrapServers = bootstrapServers.split(',').map((one) => one.trim())
  const isClients = ([name]: [string, unknown]) => ofClient.includes(name)
  return {
    client: Object.fromEntries(Object.entries(fields).filter(isClients)),
    work: Object.fromEntries(Object.entries(fields).filter((one) => !isClients(one))),
  }
}

function jsonOf(path: string): unknown {
  let given: unknown
  try {
    given = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw errors.ZK_CONFIG_FILE(path, withoutQuotes((error as Error).message))
  }
  if (!isFields(given)) return given
  // What is the processor's own may have such an object of its own.
  const { processorOptions, ...fields } = given
  return {
    ...(fromEnvironment(fields, [], path) as Fields),
    ...(processorOptions !== undefined && { processorOptions }),
  }
}

/** Whose words are no path to be told, because there may be secrets in them. */
export function isJsonItself(file: string): boolean {
  return /^\s*[[{"]/.test(file)
}

/** Where JSON is wrong, Node quotes what stands around it, which may be a secret. */
export function withoutQuotes(message: string): string {
  return message.replace(/, (\.\.\.)?".*/s, '')
}

function fromEnvironment(given: unknown, at: readonly PropertyKey[], file: string): unknown {
  if (Array.isArray(given)) return given.map((one, i) => fromEnvironment(one, [...at, i], file))
  if (!isFields(given)) return given
  const { env, ...others } = given
  if (typeof env === 'string' && Object.keys(others).length === 0) {
    const value = process.env[env]
    if (value === undefined) {
      throw errors.ZK_CONFIG_FILE(
        file,
        `${formatPath(at)} is that of the environment variable ${env}, which is not set`,
      )
    }
    return value
  }
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, fromEnvironment(value, [...at, name], file)]),
  )
}

async function moduleOf(path: string): Promise<unknown> {
  // As a processor is: TypeScript is compiled, and what does not exist or does not parse is said.
  const { url } = await resolveProcessor(path, { cwd: process.cwd() }).catch((error: unknown) => {
    if (ZkError.is(error) && error.code === 'ZK_PROCESSOR_NOT_FOUND')
      throw errors.ZK_CONFIG_FILE(path, 'there is no such file (.json, .js, .ts)')
    throw error
  })
  try {
    const { default: made } = await import(url)
    const given: unknown = typeof made === 'function' ? await made() : made
    // Its getters run here as well.
    return isFields(given) ? { ...given } : given
  } catch (error) {
    throw errors.ZK_CONFIG_FILE(path, `it failed (${error instanceof Error ? error.message : String(error)})`, {
      cause: error,
    })
  }
}

const paths = ['processor', 'hooksModule', 'crashJournal'] as const
const tlsPaths = ['ca', 'cert', 'key'] as const

function atItsPlace(given: Fields, folder: string): Fields {
  const place = (value: unknown) => {
    const isPath = typeof value === 'string' && value !== '' && !isPem(value) && !/^[a-z][a-z\d+.-]+:/i.test(value)
    return isPath ? resolve(folder, value) : value
  }
  const fields = { ...given }
  for (const name of paths) if (name in fields) fields[name] = place(fields[name])
  const { crashJournal } = fields
  if (isFields(crashJournal)) fields.crashJournal = { ...crashJournal, path: place(crashJournal.path) }
  if (isFields(fields.tls)) {
    const tls: Fields = { ...fields.tls }
    for (const name of tlsPaths) if (name in tls) tls[name] = place(tls[name])
    fields.tls = tls
  }
  return fields
}

function isFields(given: unknown): given is Fields {
  return typeof given === 'object' && given !== null && !Array.isArray(given) && !(given instanceof URL)
}
