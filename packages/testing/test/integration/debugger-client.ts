/**
 * As much of a debugger as it takes to stop at a line of a processor: a client of Node's inspector over WebSocket, and of the
 * worker threads behind it, as VS Code is one.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import type { Socket } from 'node:net'
import { Events } from './events.js'

interface Received {
  id?: number
  method?: string
  params?: Record<string, unknown>
}

/** A connection that speaks JSON, to the process or through it to one of its threads. */
class Inspected {
  readonly received = new Events<Received>()
  readonly #send: (text: string) => void
  #id = 0

  constructor(send: (text: string) => void) {
    this.#send = send
  }

  async call(method: string, params: object = {}): Promise<Received> {
    const id = ++this.#id
    this.#send(JSON.stringify({ id, method, params }))
    return this.received.until((message) => message.id === id)
  }

  event(method: string): Promise<Received> {
    return this.received.until((message) => message.method === method)
  }
}

export class DebuggerClient {
  readonly #socket: Socket
  readonly #process: Inspected
  readonly #threads = new Map<string, Inspected>()
  readonly #attached = new Events<Inspected>()

  private constructor(socket: Socket) {
    this.#socket = socket
    this.#process = new Inspected((text) => socket.write(frame(text)))
    readFrames(socket, (text) => this.#receive(JSON.parse(text) as Received))
  }

  /** @param url ws://host:port/id, as Node prints it */
  static async connect(url: string): Promise<DebuggerClient> {
    const { hostname, port, pathname } = new URL(url)
    const headers = {
      ...{ Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
      'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    }
    const upgrade = request({ hostname, port, path: pathname, headers }).end()
    const [, socket] = (await once(upgrade, 'upgrade')) as [unknown, Socket]
    return new DebuggerClient(socket)
  }

  /** The first worker thread of the process that there is. */
  async thread(): Promise<Inspected> {
    await this.#process.call('NodeWorker.enable', { waitForDebuggerOnStart: false })
    return this.#attached.until(() => true)
  }

  close(): void {
    this.#socket.destroy()
  }

  #receive(message: Received): void {
    const { sessionId, message: inner } = (message.params ?? {}) as { sessionId?: string; message?: string }
    if (message.method === 'NodeWorker.attachedToWorker' && sessionId !== undefined) {
      const thread = new Inspected(
        (text) => void this.#process.call('NodeWorker.sendMessageToWorker', { sessionId, message: text }),
      )
      this.#threads.set(sessionId, thread)
      this.#attached.add(thread)
    } else if (message.method === 'NodeWorker.receivedMessageFromWorker' && inner !== undefined) {
      this.#threads.get(sessionId!)?.received.add(JSON.parse(inner) as Received)
    } else this.#process.received.add(message)
  }
}

/** A masked text frame. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text)
  const mask = randomBytes(4)
  const head = Buffer.alloc(4)
  head[0] = 0x81
  head[1] = 0x80 | 126
  head.writeUInt16BE(payload.length, 2)
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i % 4]!)])
}

/** Unmasked frames, as servers send them. */
function readFrames(socket: Socket, each: (text: string) => void): void {
  let buffered = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk])
    for (;;) {
      if (buffered.length < 2) return
      const short = buffered[1]! & 0x7f
      const head = short === 127 ? 10 : short === 126 ? 4 : 2
      if (buffered.length < head) return
      const length =
        short === 127 ? Number(buffered.readBigUInt64BE(2)) : short === 126 ? buffered.readUInt16BE(2) : short
      if (buffered.length < head + length) return
      const text = buffered.toString('utf8', head, head + length)
      buffered = buffered.subarray(head + length)
      each(text)
    }
  })
}
