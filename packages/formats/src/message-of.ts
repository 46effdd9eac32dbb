/** One line, without the full stop that the sentence around it brings. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s+/g, ' ').replace(/\.$/, '')
}
