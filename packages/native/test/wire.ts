/**
 * One record, produced in Kafka's own bytes: no JavaScript producer writes a header whose value is null.
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { MockCluster } from '../src/mock-cluster.js'

const int = (bytes: 1 | 2 | 4, value: number): Buffer => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeIntBE(value, 0, bytes)
  return buffer
}
const long = (value: bigint): Buffer => {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(value)
  return buffer
}
const text = (value: string): Buffer => Buffer.concat([int(2, Buffer.byteLength(value)), Buffer.from(value)])
const sized = (value: Buffer): Buffer => Buffer.concat([int(4, value.length), value])
const varint = (value: number): Buffer => {
  const bytes: number[] = []
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
const nullable = (value: string | null): Buffer =>
  value === null ? varint(-1) : Buffer.concat([varint(Buffer.byteLength(value)), Buffer.from(value)])

export async function produceRaw(
  cluster: MockCluster,
  topic: string,
  record: { key: string | null; value: string | null; headers: [string, string | null][] },
): Promise<void> {
  const body = Buffer.concat([
    int(1, 0), // attributes
    varint(0), // timestamp delta
    varint(0), // offset delta
    nullable(record.key),
    nullable(record.value),
    varint(record.headers.length),
    ...record.headers.flatMap(([name, value]) => [nullable(name), nullable(value)]),
  ])
  const afterLength = Buffer.concat([
    int(4, 0), // leader epoch
    int(1, 2), // magic
    int(4, 0), // checksum: neither the mock brokers nor a consumer without check.crcs look at it
    int(2, 0), // attributes
    int(4, 0), // last offset delta
    long(1_000n),
    long(1_000n),
    long(-1n), // producer id
    int(2, -1),
    int(4, -1),
    int(4, 1), // records
    varint(body.length),
    body,
  ])
  const batch = Buffer.concat([long(0n), sized(afterLength)])
  const request = Buffer.concat([
    int(2, 0), // Produce
    int(2, 3), // version
    int(4, 1), // correlation id
    text('raw'),
    int(2, -1), // no transaction
    int(2, -1), // all acks
    int(4, 5_000),
    int(4, 1),
    text(topic),
    int(4, 1),
    int(4, 0), // partition
    sized(batch),
  ])
  const [host, port] = cluster.bootstrapServers.split(':')
  const socket = connect(Number(port), host)
  socket.write(sized(request))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  const error = answer.readInt16BE(4 + 4 + 4 + 2 + topic.length + 4 + 4)
  if (error !== 0) throw new Error(`the broker refused the record: ${error}`)
}
