/** At the end of a `switch` over a union: a new variant breaks the build where it is not handled. */
export function assertNever(value: never): never {
  throw new TypeError(`Not a variant: ${JSON.stringify(value)}`)
}
