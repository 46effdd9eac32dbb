/** @zk/runtime knows its errors by this brand, so that an error of a format is a ZkError there without an import either way. */
const brand = Symbol.for('@zk/runtime.ZkError')

export function brandAsZkError(error: Error): void {
  Object.defineProperty(error, brand, { value: true })
}
