/** What both sides of `hop` have in common. Each is a process of its own: neither has the other's garbage, or its compiled code. */

export const VALUE_BYTES = 200
/** Messages that may be on their way. */
export const HOP_WINDOW = 8_192

/** Tells on stdout what the given threads and messages of the command line come to, once a shorter run has warmed it up. */
export async function tellHop(hop: (threads: number, messages: number) => Promise<number>): Promise<void> {
  const [threads, messages] = [Number(process.argv[2]), Number(process.argv[3])]
  await hop(threads, Math.ceil(messages / 4))
  console.log(JSON.stringify({ perSecond: await hop(threads, messages) }))
}
