/**
 * Gives the memory of an ArrayBuffer back at once. V8 would do so when it collects the buffer, and it is in no hurry: of one
 * that has stayed for a while, only a full collection is rid, and those are rare where a heap is not small (see
 * buffer-garbage.ts). A message port with nobody at its other end takes what is transferred to it and drops it, in a
 * microsecond or two. (`ArrayBuffer.prototype.transfer` is not in Node 20.)
 */
import { MessageChannel, type MessagePort } from 'node:worker_threads'

let sink: MessagePort | undefined

/** @param buffer nobody may read it any more: it is empty afterwards, and so are all views of it */
export function freeBuffer(buffer: ArrayBuffer): void {
  sink ??= closedPort()
  sink.postMessage(undefined, [buffer])
}

function closedPort(): MessagePort {
  const { port1 } = new MessageChannel()
  port1.close()
  return port1
}
