/** For the project's own benchmarks and test kit. Not covered by semantic versioning. */
export { hookedProcessor, type ThreadHooksOptions } from './hooks/thread-hooks.js'
export { PackedBatch, packRecords, type RecordToPack, TimestampType } from './kafka/packed-batch.js'
export { CrashMarks } from './threads/crash-journal.js'
export { encodeHeader } from './threads/crash-mark.js'
export { packFrame } from './threads/frame.js'
export { ThreadHost } from './threads/host.js'
export { HeaderList } from './threads/message.js'
export { packOutgoing, readOutgoing } from './threads/outgoing-record.js'
