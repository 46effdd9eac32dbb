/** Text as UTF-8 of at most so many bytes, cut between characters; what was cut off is told by its size. */
export function cappedText(text: string, maxBytes: number): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length <= maxBytes) return bytes
  const mark = Buffer.from(`… (${bytes.length} bytes)`)
  if (maxBytes <= mark.length) return bytes.subarray(0, startOfCharacter(bytes, maxBytes))
  return Buffer.concat([bytes.subarray(0, startOfCharacter(bytes, maxBytes - mark.length)), mark])
}

/** @returns `at`, or where the character begins that lies across it */
function startOfCharacter(bytes: Buffer, at: number): number {
  let start = at
  while (start > 0 && (bytes[start]! & 0b1100_0000) === 0b1000_0000) start--
  return start
}
