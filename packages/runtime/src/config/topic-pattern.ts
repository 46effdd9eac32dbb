/**
 * Patterns over topic names.
 *
 * librdkafka matches them with the C library's POSIX extended regular expressions; what the runtime asks the cluster about
 * them (such as where their topics end) is matched by JavaScript. So only what means the same to both is a pattern.
 */

/** `[…]`, as far as an unescaped bracket opens one. */
const SET = /(?<!\\)\[(?:\\.|[^\]\\])*\]/g

const DIFFERENT: readonly (readonly [RegExp, string])[] = [
  [/\\[^.[\]{}()*+?^$|\\/-]/, 'classes, anchors and references such as \\d, \\< and \\1; write [0-9]'],
  [/\(\?/, 'groups that begin with (?'],
  [/[*+?}][*+?{]/, 'a quantifier behind another'],
  [/\{(?!\d+(,\d*)?\})/, 'a { that is no {n}, {n,} or {n,m}'],
]

export const isPattern = (topic: string): boolean => topic.startsWith('^')

/** @returns whether a topic is one of these names, or matches one of these patterns */
export function topicMatcher(wanted: readonly string[]): (topic: string) => boolean {
  const names = new Set(wanted)
  const patterns = wanted.filter(isPattern).map((pattern) => new RegExp(pattern))
  return (topic) => names.has(topic) || patterns.some((pattern) => pattern.test(topic))
}

/** @returns what is wrong with a pattern */
export function patternFault(pattern: string): string | undefined {
  try {
    new RegExp(pattern)
  } catch {
    return 'it starts with "^" and is not a regular expression'
  }
  const sets = pattern.match(SET) ?? []
  if (sets.some((set) => /^\[\^?\]|\\|.\[/.test(set))) {
    return 'librdkafka reads a set such as [[:alpha:]], [\\d] or []] differently; list the characters'
  }
  // An escaped character is itself to both, and one in a set is.
  const rest = pattern.replace(SET, 'x').replace(/\\[.[\]{}()*+?^$|\\/-]/g, 'x')
  const [, why] = DIFFERENT.find(([different]) => different.test(rest)) ?? []
  return why === undefined ? undefined : `librdkafka's regular expressions (POSIX extended) do not know ${why}`
}
