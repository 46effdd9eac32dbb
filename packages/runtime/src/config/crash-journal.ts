/** The field `crashJournal`: a path, or a path with what goes with it. */
import { z } from 'zod'
import { documented, text, whole } from './fields.js'

const group = 'Failure'
const DEATHS = 2

const journalPath = documented(text, {
  group,
  description: 'The folder. It is made where it does not exist.',
  change: 'Required.',
  expected: 'a path',
})
const processDeaths = whole(1, 100, 'deaths')
const journalDeaths = documented(processDeaths.schema.default(DEATHS), {
  group,
  description: 'At how many deaths of the process a record must have been running not to be run again.',
  change: 'Raise it where processes are killed from outside often.',
  expected: processDeaths.expected,
})

export const crashJournal = documented(
  z
    .union([
      text.transform((path) => ({ path, deaths: DEATHS })),
      z.strictObject({ path: journalPath, deaths: journalDeaths }),
    ])
    .optional(),
  {
    group,
    description:
      'A folder in which threads mark what they run, so that a record that takes the whole process with it (a native ' +
      'abort, some out-of-memory deaths) is found: a path, or `{ path, deaths }`. What was running when a process died ' +
      'runs alone in the next one; what was running at `deaths` deaths (default 2) is not run again and goes to the ' +
      'dead letter topic with the cause `process-crash`. The files have the `clientId` in their names, and no two living ' +
      'processes may share one (ZK_CRASH_JOURNAL_IN_USE). A SIGKILL marks innocent records too: they run alone once, ' +
      'and are cleared by that. The folder must outlive the process, as a volume of a pod does. Marks cost 1 to 2 µs a ' +
      'record; none is synced to the disk.',
    change: 'For handlers that call native code or may exhaust the memory of the process.',
    expected: 'a path, or { path, deaths } with deaths from 1 to 100',
    defaultText: 'none: a record that ends the process is read again each time',
  },
)
