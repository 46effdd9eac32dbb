/**
 * Why a record failed for good. `error`: its handler threw or rejected. `timeout`: it did not end by its deadline.
 * `out-of-memory`, `exit`, `crash`: its thread died of it. `process-crash`: the process did.
 */
export type FailureCause = 'error' | 'timeout' | 'out-of-memory' | 'exit' | 'crash' | 'process-crash'
