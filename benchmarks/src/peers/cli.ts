/** `pnpm bench peers`: this runtime and what people use instead, on the same topics, one after another. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Header, headerOf, headerText } from '../header.js'
import { HISTORY, save } from '../history.js'
import { aligned } from '../report.js'
import { positive, UsageError } from '../usage.js'
import { type JavaPeers, javaPeers } from './java.js'
import { measure } from './measure.js'
import { withSection } from './page.js'
import { programs } from './programs.js'
import { asMarkdown, columnsOf, disagreement, LATENCY_WARM_UP, type Measured, results, rows, verdict } from './table.js'
import { LATENCY_RUNS, RUNS, type Work, works } from './works.js'

const PAGE = fileURLToPath(new URL('../../../docs/benchmarks.md', import.meta.url))
const GROUPS = [...new Set(works.map(({ group }) => group))]

export async function peers(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      work: { type: 'string', multiple: true },
      runs: { type: 'string' },
      messages: { type: 'string' },
      bootstrap: { type: 'string' },
      prefix: { type: 'string', default: '' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const bootstrap = values.bootstrap ?? process.env.KAFKA_BOOTSTRAP
  const chosen = works.filter(({ group, name }) => {
    return values.work === undefined || values.work.includes(group) || values.work.includes(name)
  })
  if (values.help || bootstrap === undefined || chosen.length === 0) {
    console.log(`pnpm bench peers --bootstrap host:port [--work ${GROUPS.join('|')}]… [--runs n] [--messages n]
           [--prefix 'command and arguments'] [--json]

Needs a real Kafka (--bootstrap or KAFKA_BOOTSTRAP; \`pnpm kafka:up\` starts one). Java's peers need Java 17 and Maven, and are passed
over without. Writes docs/benchmarks.md, with no fewer runs than by itself and without --messages.

  --runs     of each program; by itself ${RUNS}, for latency ${LATENCY_RUNS}
  --prefix   starts each program with a command of yours: taskset -c 0,1`)
    process.exitCode = values.help ? 0 : 1
    return
  }
  const givenRuns = values.runs === undefined ? undefined : positive('--runs', values.runs)
  const messages = values.messages === undefined ? undefined : positive('--messages', values.messages)
  if (messages !== undefined && messages <= LATENCY_WARM_UP && chosen.some(({ handler }) => handler === 'latency')) {
    throw new UsageError(`--messages is ${messages}; latencies count behind the first ${LATENCY_WARM_UP}: give more`)
  }
  const prefix = values.prefix.split(' ').filter((part) => part !== '')
  const java = await javaPeers()
  if ('missing' in java) console.error(`Java's peers are passed over: ${java.missing}`)
  // Headers before anything is written to the page: from then on the checkout differs from its commit, and they would say so.
  const planned = chosen.map((one) => {
    const work = { ...one, ...(messages !== undefined && { messages }) }
    return { work, head: headerOf(`peers ${work.name}`, payloadOf(work), bootstrap) }
  })
  for (const { work, head } of planned) {
    const { runs: fewest = RUNS } = work
    const runs = givenRuns ?? fewest
    const measured = await measure({ work, bootstrap, runs, prefix, java, onProgress: progress })
    const different = work.handler === 'cpu' ? disagreement(measured) : undefined
    if (different !== undefined) throw new Error(different)
    const figures = results(work, measured)
    save([{ header: head }, ...figures], HISTORY, new Date())
    if (values.json) for (const line of [{ header: head }, ...figures]) console.log(JSON.stringify(line))
    else
      console.log(
        `\n${headerText(head)}\n${aligned([columnsOf(work), ...rows(work, measured)])}\n${verdict(work, measured)}`,
      )
    if (runs >= fewest && messages === undefined) {
      writeFileSync(PAGE, withSection(readFileSync(PAGE, 'utf8'), work.name, section(work, measured, head, java)))
    }
  }
}

function section(work: Work, measured: readonly Measured[], head: Header, java: JavaPeers): string {
  const runs = measured[0]!.runs.length
  return [
    `\`npx -y pnpm@12 bench peers --work ${work.name} --runs ${runs}\`, ${head.at.slice(0, 10)}${head.commit === undefined ? '' : `, commit ${head.commit}`}. ${head.versions}; ${head.machine}. ${head.payload}.`,
    asMarkdown([columnsOf(work), ...rows(work, measured)]),
    verdict(work, measured),
    ...('missing' in java ? [`Java's peers are missing: ${java.missing}.`] : []),
  ].join('\n\n')
}

function payloadOf({ valueBytes, messages, zipf, entries }: Work): string {
  const keys = zipf === undefined ? '10,000 keys in turn' : `1,000 keys by Zipf ${zipf.toFixed(1)}`
  const fewer = entries.filter((entry) => entry.messages !== undefined && entry.messages < messages)
  const but = fewer.map(({ peer, messages: few }) => `, ${few!.toLocaleString('en-US')} for ${programs[peer].title}`)
  const count = `${messages.toLocaleString('en-US')} messages${but.join('')}`
  return `${count}, values of ${valueBytes.toLocaleString('en-US')} bytes of JSON, ${keys}, 12 partitions`
}

function progress(line: string): void {
  console.error(line)
}
