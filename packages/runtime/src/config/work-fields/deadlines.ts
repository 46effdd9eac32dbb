/** How long handlers, drains, shutdowns and threads may take. */
import { milliseconds } from '../fields.js'

const Deadlines = 'Deadlines'

export const deadlineFields = {
  processTimeoutMs: milliseconds(
    60_000,
    {
      group: Deadlines,
      description:
        'How long each attempt of a handler may take, in milliseconds; 0 for as long as it wants. Then `ctx.signal` aborts ' +
        'with the reason `timeout`, and after `graceMs` its thread is ended. `ctx.extendDeadline` gives a long job more. ' +
        'A thread that has records, runs none and gives no sign for as long, because something outside of handlers keeps it, ' +
        'is ended as well. ' +
        'Deadlines are off while a debugger may be attached (`node --inspect`), with one warning.',
      change:
        'Raise it for slow work that is healthy; lower it to find stuck handlers sooner. Records behind one that is stuck ' +
        'wait so long.',
    },
    0,
  ),
  drainTimeoutMs: milliseconds(10_000, {
    group: Deadlines,
    description:
      'How long handlers of partitions that must be given back may take to finish, in milliseconds. Then `ctx.signal` ' +
      'aborts, and what is unfinished goes to the next owner.',
    change: "Raise it above the handlers' usual time. While it lasts the whole assignment waits.",
  }),
  shutdownTimeoutMs: milliseconds(25_000, {
    group: Deadlines,
    description:
      'How long a shutdown waits for running handlers, in milliseconds. Then `ctx.signal` aborts, and after `graceMs` ' +
      'their threads are ended; nothing unfinished is committed. `run` resolves with the reason `deadline`, and `zk run` ' +
      'ends with exit code 2.',
    change:
      'Keep it, with `graceMs` and some seconds for the last commit, below the grace period of what stops the process ' +
      '(Kubernetes: 30 s).',
  }),
  graceMs: milliseconds(
    1_000,
    {
      group: Deadlines,
      description:
        'How long handlers may go on after `ctx.signal` aborted at the end of `processTimeoutMs` or `shutdownTimeoutMs`, ' +
        'before their threads are ended, in milliseconds; after `processTimeoutMs` at least 100, in which a thread can say that ' +
        'it hears. When partitions are given back no thread is ended for it: what a ' +
        'late handler still does completes nothing.',
      change: 'Raise it when cleaning up takes longer.',
    },
    0,
  ),
  terminateTimeoutMs: milliseconds(5_000, {
    group: Deadlines,
    description:
      'How long `teardown` may take, and then how long to wait for a thread that was ended, in milliseconds. A blocking ' +
      'native call can delay its end; past this `run` fails with ZK_THREAD_UNSTOPPABLE, and `zk run` ends with exit code 5.',
    change: 'Raise it when `teardown` takes longer, or when handlers make long synchronous native calls.',
  }),

  stallAfterMs: milliseconds(30_000, {
    group: Deadlines,
    description:
      'How long a partition may stand still, with something left to do, before it is reported as stalled, in milliseconds: ' +
      'a warning that names the cause, once a stall, and another line when it moves on. Nothing is ended by it.',
    change: 'Raise it above what a healthy handler may take; lower it to hear of stuck ones sooner.',
  }),
}
