/** A key without the lines around it is no PEM, and no path that may be told in an error. In base64 all begin with M. */
const BARE_KEY = /^\s*M[A-Za-z0-9+/=\s]{60,}$/

export function isBareKey(given: string): boolean {
  return BARE_KEY.test(given)
}
