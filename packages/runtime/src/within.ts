/**
 * Waits for `done`, but no longer than `ms`.
 * @returns what it resolves with, or `late`. What it does later goes unheard.
 */
export async function within<Value, Late>(ms: number, done: Promise<Value>, late: Late): Promise<Value | Late> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<Late>((resolve) => {
    timer = setTimeout(resolve, ms, late)
  })
  try {
    return await Promise.race([done, timeout])
  } finally {
    clearTimeout(timer)
  }
}
