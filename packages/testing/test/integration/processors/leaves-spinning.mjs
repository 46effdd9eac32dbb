/**
 * Leaves something behind that keeps its thread for ever: a record with the key `leave` does, once it has ended, or, with
 * options.atStart, the set-up of every thread.
 */
export default {
  setup({ options }) {
    if (options?.atStart) setImmediate(spinOutside)
  },
  process({ key }) {
    if (String(key) === 'leave') setTimeout(spinOutside, 5)
  },
}

function spinOutside() {
  for (;;);
}
