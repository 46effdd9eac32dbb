/** A commit by nobody's member, as operators' tools send it: kafkajs has none for a broker that knows no more than this. */
import { once } from 'node:events'
import { connect } from 'node:net'

const OFFSET_COMMIT = 8
const VERSION = 2

/** Sets what a group has committed of partition 0. @returns the broker's error code, 0 where it has taken it */
export async function commitOffset(broker: string, group: string, topic: string, offset: number): Promise<number> {
  const [host, port] = broker.split(':')
  const socket = connect(Number(port), host)
  const header = [int16(OFFSET_COMMIT), int16(VERSION), int32(0), text('test')]
  // No generation, no member, and the broker's retention.
  const asNobody = [text(group), int32(-1), text(''), int64(-1)]
  const partition = [int32(0), int64(offset), int16(-1)]
  const request = Buffer.concat([...header, ...asNobody, int32(1), text(topic), int32(1), ...partition])
  socket.write(Buffer.concat([int32(request.length), request]))
  let answer = Buffer.alloc(0)
  while (answer.length < 4 || answer.length < 4 + answer.readInt32BE()) {
    const [chunk] = await once(socket, 'data')
    answer = Buffer.concat([answer, chunk])
  }
  socket.destroy()
  return answer.readInt16BE(answer.length - 2)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}

const text = (value: string) => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
