/** One line of `zk doctor`: what was found and, where it is not well, the fix. */
export interface Check {
  name: string
  result: 'ok' | 'warn' | 'fail'
  found: string
  /** What to do; absent where all is well. */
  fix?: string
}
