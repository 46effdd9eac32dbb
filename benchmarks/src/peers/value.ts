/**
 * JSON of exactly so many bytes, its parts at places that are always the same: {"i":"00000000","t":"0000000000000000",…
 *
 * @param bytes at least 60
 * @param ms since 1970, with fractions: when it is produced, which it tells in microseconds. Default: 0
 */
export function jsonValue(number: number, bytes: number, ms = 0): Buffer {
  const time = String(Math.round(ms * 1_000)).padStart(16, '0')
  const start = `{"i":"${String(number).padStart(8, '0')}","t":"${time}","pad":"`
  return Buffer.from(`${start.padEnd(bytes - 2, 'x')}"}`)
}
