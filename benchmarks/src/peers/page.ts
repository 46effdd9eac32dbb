/** The sections of docs/benchmarks.md that are made from what was measured; what is around them is written by hand. */

const begin = (name: string) => `<!-- peers: ${name} -->`
const END = '<!-- end -->'

/** @throws where the page has no such section: figures would get lost */
export function withSection(page: string, name: string, content: string): string {
  const start = page.indexOf(begin(name))
  const end = page.indexOf(END, start)
  if (start < 0 || end < 0) throw new Error(`docs/benchmarks.md has no section between ${begin(name)} and ${END}`)
  return `${page.slice(0, start)}${begin(name)}\n${content.trim()}\n${page.slice(end)}`
}
