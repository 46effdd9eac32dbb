/** `ssl.key.location` and the like are paths, and a token's endpoint is an address: both help to find mistakes. */
const secret = /password|passphrase|secret|token(?!\.endpoint)|key\.pem$|^ssl[._]key$|oauthbearer\.config|jaas/i

export function isSecret(property: string): boolean {
  return secret.test(property)
}

/** What stands before the @ of an address may be a name and a password. */
export function withoutCredentials(address: string): string {
  return address.replace(/^([a-z][\w+.-]*:\/\/)?.*@/is, '$1[redacted]@')
}
