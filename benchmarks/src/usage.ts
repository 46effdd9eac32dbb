/** Mistakes of whoever types a command: told in a sentence, without a stack. */

export class UsageError extends Error {}

/** @throws UsageError */
export function positive(option: string, text: string, isWhole = true): number {
  const number = Number(text)
  if (number > 0 && (!isWhole || Number.isInteger(number))) return number
  throw new UsageError(`${option} is ${text}; expected a ${isWhole ? 'whole ' : ''}number above 0`)
}

/** Ends with code 1 where there was one; other errors are the program's own. */
export async function withUsageErrors(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const isUsage =
      error instanceof UsageError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
    if (!isUsage) throw error
    console.error(`${(error as Error).message}. pnpm bench --help`)
    process.exitCode = 1
  }
}
