/**
 * Where a thread is that does not come back to its event loop, seen from the main thread.
 *
 * Node's inspector reaches into worker threads from the main one: pause, read the frames, let go. It has to let go: a paused
 * thread cannot be terminated. A thread in a blocking native call is paused only once that returns; so the session stays
 * until the thread has answered, or is gone, and lets go whenever that may be.
 */
import { Session } from 'node:inspector'
import { within } from '../within.js'
import { sourcePlace } from './source-place.js'

interface CallFrame {
  functionName: string
  /** Numbers from 0. */
  location: { scriptId: string; lineNumber: number; columnNumber?: number }
}

/** What arrives from the thread, as far as it is used. */
type ThreadMessage =
  | { id: number; method?: undefined }
  | { method: 'Debugger.scriptParsed'; params: Script & { scriptId: string } }
  | { method: 'Debugger.paused'; params: { callFrames: CallFrame[] } }

interface Script {
  url: string
  sourceMapURL?: string
}

interface Attached {
  sessionId: string
  workerInfo: { title: string }
}

/**
 * In milliseconds. V8 may answer a pause and yet forget it, when the thread runs between two messages to its debugger; asked
 * again, it does pause.
 */
const PAUSE_AGAIN_MS = 50

/** Requests to the thread; their places are their ids. */
const REQUESTS = ['Debugger.enable', 'Debugger.pause', 'Debugger.resume', 'Debugger.disable'] as const
type Request = (typeof REQUESTS)[number]

/**
 * @param threadId of the worker @param gone resolves when it has ended
 * @param timeoutMs how long it may take, in milliseconds; 50 to 100 are usual
 * @returns lines as those of `error.stack`, in places of the sources; undefined when the thread cannot be paused in time
 */
export async function stuckStack(
  threadId: number,
  gone: Promise<unknown>,
  timeoutMs: number,
): Promise<string[] | undefined> {
  const inspected = new InspectedThread(threadId)
  void Promise.race([gone, inspected.letGo]).then(() => inspected.close())
  const ended = gone.then(() => undefined)
  const stack = await within(timeoutMs, Promise.race([inspected.stack, ended]), undefined)
  inspected.release()
  return stack
}

class InspectedThread {
  readonly stack: Promise<string[]>
  /** Resolves when the thread runs on by itself. */
  readonly letGo: Promise<void>
  readonly #session = new Session()
  readonly #scripts = new Map<string, Script>()
  #sessionId: string | undefined
  #pausing: NodeJS.Timeout | undefined
  #isReleased = false
  #isClosed = false
  #onStack!: (lines: string[]) => void
  #onLetGo!: () => void

  constructor(threadId: number) {
    this.stack = new Promise((resolve) => {
      this.#onStack = resolve
    })
    this.letGo = new Promise((resolve) => {
      this.#onLetGo = resolve
    })
    this.#session.connect()
    this.#session.on('NodeWorker.attachedToWorker', ({ params }: { params: Attached }) => {
      // The worker's id there is a number of the session's own.
      const isOurs = params.workerInfo.title.startsWith(`[worker ${threadId}]`)
      if (isOurs && !this.#isReleased && !this.#isClosed) this.#begin(params.sessionId)
      else this.#session.post('NodeWorker.detach', { sessionId: params.sessionId })
    })
    this.#session.on('NodeWorker.receivedMessageFromWorker', ({ params }: { params: { message: string } }) =>
      this.#receive(JSON.parse(params.message) as ThreadMessage),
    )
    this.#session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  }

  /** The thread must run on, whether it has been paused already or will be. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    clearInterval(this.#pausing)
    this.#tell('Debugger.resume')
    this.#tell('Debugger.disable')
  }

  /** The thread may have ended before anybody has let go of it. */
  close(): void {
    this.#isClosed = true
    clearInterval(this.#pausing)
    this.#session.disconnect()
  }

  #begin(sessionId: string): void {
    this.#sessionId = sessionId
    this.#tell('Debugger.enable')
    this.#tell('Debugger.pause')
    this.#pausing = setInterval(() => this.#tell('Debugger.pause'), PAUSE_AGAIN_MS)
  }

  #receive(message: ThreadMessage): void {
    if (message.method === 'Debugger.scriptParsed') this.#scripts.set(message.params.scriptId, message.params)
    else if (message.method === 'Debugger.paused') {
      this.release()
      this.#onStack(message.params.callFrames.map((frame) => this.#lineOf(frame)))
    } else if (message.method === undefined && message.id === REQUESTS.indexOf('Debugger.disable')) this.#onLetGo()
  }

  #tell(method: Request): void {
    if (this.#sessionId === undefined || this.#isClosed) return
    const message = JSON.stringify({ id: REQUESTS.indexOf(method), method })
    this.#session.post('NodeWorker.sendMessageToWorker', { sessionId: this.#sessionId, message })
  }

  #lineOf({ functionName, location: { scriptId, lineNumber, columnNumber = 0 } }: CallFrame): string {
    const { url = '', sourceMapURL } = this.#scripts.get(scriptId) ?? {}
    const place = sourcePlace({ url, line: lineNumber, column: columnNumber }, sourceMapURL)
    return functionName === '' ? `    at ${place}` : `    at ${functionName} (${place})`
  }
}
