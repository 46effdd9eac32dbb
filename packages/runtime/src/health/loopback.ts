/** Who may see what is nobody's business beyond this machine. */

export interface RequestPlace {
  /** The address that the server listens on. */
  bound: string
  peer: string | undefined
  /** The request's `Host`. */
  host: string | undefined
}

/**
 * The server listens on loopback alone, the peer is this machine, and it was asked by a name of this machine: a page in a
 * browser that reaches the port through a name of its own is refused.
 */
export function isLocalRequest({ bound, peer, host }: RequestPlace): boolean {
  return isLoopback(bound) && isLoopback(peer) && isLoopbackName(host)
}

/** IPv4, IPv6, or IPv4 as IPv6 writes it. */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && (address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address))
}

function isLoopbackName(host: string | undefined): boolean {
  if (host === undefined) return false
  const name = host.replace(/:\d+$/, '')
  return name === 'localhost' || isLoopback(name.replace(/^\[(.*)\]$/, '$1'))
}
