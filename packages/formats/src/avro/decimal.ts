/**
 * Decimals of any precision as text, such as `-12.30`: exact, and what databases and decimal libraries take.
 * In Avro the unscaled number is a big-endian two's complement integer.
 */

/** @returns text with exactly `scale` digits after the point. */
export function decimalText(bytes: Uint8Array, scale: number): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
  const unscaled = hex === '' ? 0n : BigInt.asIntN(bytes.length * 8, BigInt(`0x${hex}`))
  const sign = unscaled < 0n ? '-' : ''
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/**
 * @param size Bytes to fill, of a fixed; undefined for as few as possible.
 * @returns undefined for text that is no decimal of this precision and scale: nothing is rounded.
 */
export function decimalBytes(text: string, precision: number, scale: number, size?: number): Buffer | undefined {
  const match = /^([+-]?)(\d+)(?:\.(\d*))?$/.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = ''] = match
  // Zeros after the last digit say nothing; others would be lost.
  if (/[^0]/.test(fraction.slice(scale))) return undefined
  const digits = `${whole}${fraction.slice(0, scale).padEnd(scale, '0')}`.replace(/^0+(?=\d)/, '')
  if (digits.length > precision && digits !== '0') return undefined
  return twosComplement(sign === '-' ? -BigInt(digits) : BigInt(digits), size)
}

function twosComplement(value: bigint, size?: number): Buffer | undefined {
  let length = 1
  while (BigInt.asIntN(length * 8, value) !== value) length++
  if (size !== undefined && length > size) return undefined
  const bytes = size ?? length
  const hex = BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0')
  return Buffer.from(hex, 'hex')
}
