import { url } from 'node:inspector'

/** A debugger is attached, or may be at any time: the process was started with `--inspect`, or has got SIGUSR1. */
export function mayBeDebugged(): boolean {
  return url() !== undefined
}
