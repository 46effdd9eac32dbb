/** What has no event is looked at again and again, until it holds; the test's own timeout ends it. */
export async function eventually(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** Lets every handler go on that waits at the gate, now and later. */
export function openGate(gate: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(gate), 0, 1)
}
