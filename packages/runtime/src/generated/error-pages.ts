// Generated from docs/errors.md by scripts/docs-errors.mjs. Do not edit.
export const errorPages: Readonly<Record<string, string>> = {
  ZK_CONFIG_INVALID: `# ZK_CONFIG_INVALID

**What happened.** The configuration of a client or a work, or what \`workFactory\` or \`run\` was called with, has one or more fields that are missing, of the wrong type, out of range or unknown. All problems are listed, each with its path.

**Why.** Mostly a spelling mistake (the message then suggests the nearest field), a number given as a string, or a time in seconds: every field that ends in \`Ms\` is in milliseconds.

**What to do.** Correct the listed paths; \`details.problems\` has them as data. \`docs/configuration.md\` lists every field with its unit and default.`,
  ZK_CONFIG_OWNED_PROPERTY: `# ZK_CONFIG_OWNED_PROPERTY

**What happened.** \`additionalProps\` contains a librdkafka property that the runtime sets itself.

**Why.** Another value would break a promise (with \`enable.auto.offset.store\` on, for example, records would be committed before they are processed), or there is a field for it and two places for one value are a trap.

**What to do.** Remove the property. Where the message names a field, use the field.`,
  ZK_CONFIG_UNKNOWN_PROPERTY: `# ZK_CONFIG_UNKNOWN_PROPERTY

**What happened.** librdkafka did not accept a property of \`additionalProps\`, or the value given for it.

**Why.** The name is misspelt, belongs to another client (Java's names differ in places), is newer than the librdkafka in use, or needs a feature that librdkafka was built without (SASL/GSSAPI, OIDC, zstd). A property that leads to a file (\`….location\`, \`….keytab\`) is refused where no file can be read; the message has the path then.

**What to do.** Compare name and value with librdkafka's \`CONFIGURATION.md\`. Values of \`sasl.…\` and \`ssl.…\` are \`[redacted]\` in the message, but for paths.`,
  ZK_CONFIG_CONFLICT: `# ZK_CONFIG_CONFLICT

**What happened.** Each value is valid alone, but not together with another.

**Why.** For example the group protocol \`consumer\` together with \`sessionTimeoutMs\`, which the brokers decide there.

**What to do.** The message says which of the two to change.`,
  ZK_CONFIG_FILE: `# ZK_CONFIG_FILE

**What happened.** The file that \`--config\` names could not be read, or is no configuration.

**Why.** It does not exist, is not JSON, or its module, or the function that it exports, throws; or it names an environment variable (\`{ "env": "NAME" }\`) that is not set.

**What to do.** Correct the file, or set the variable. The fields are those of a work and its client, side by side: see \`docs/configuration.md\`.`,
  ZK_TLS_INVALID: `# ZK_TLS_INVALID

**What happened.** A certificate or a key of \`tls\` cannot be used. Nothing was connected.

**Why.** The path leads nowhere or may not be read, the file is not PEM, the key belongs to another certificate, its passphrase is missing or wrong, or the client's certificate has ended.

**What to do.** The message names the field and the reason. A key in another form (DER, PKCS#12) is converted by \`openssl\`.`,
  ZK_SASL_TOKEN: `# ZK_SASL_TOKEN

**What happened.** The token callback of \`sasl\` gave no token to start with. Nothing was connected.

**Why.** It threw or rejected, did not answer within 10 seconds, or what it gave has no \`value\`, has ended already, or says its end in seconds.

**What to do.** Check what it asks and with which secret. Later failures do not end a work: they are logged, and it is asked again.`,
  ZK_OPTIONS_NOT_CLONEABLE: `# ZK_OPTIONS_NOT_CLONEABLE

**What happened.** Something inside \`processorOptions\` cannot be copied to a thread: a function, a symbol, a promise, a proxy, an instance of a class with private fields. The message names the path, for example \`processorOptions.db.connect\`.

**Why.** Threads share no objects. The options are copied to each thread by the structured clone algorithm.

**What to do.** Send plain data (a connection string, a region) and make the thing itself in the processor's \`setup(thread)\`, once for each thread.`,
  ZK_PROCESSOR_NOT_FOUND: `# ZK_PROCESSOR_NOT_FOUND

**What happened.** There is no file at the path of the processor module, and none of the same name with a TypeScript extension.

**Why.** A relative path is resolved against the working directory, not against the file that contains it; or the build output is missing.

**What to do.** Use \`new URL('./processor.js', import.meta.url)\`, or correct the path.`,
  ZK_PROCESSOR_LOAD_FAILED: `# ZK_PROCESSOR_LOAD_FAILED

**What happened.** The processor module was found, but importing it failed. The message has the file and line where they are known.

**Why.** A syntax error, an exception at the top level of the module, or an import that cannot be resolved. Packages must be JavaScript: of a TypeScript processor only its own files are compiled, those that it imports by relative paths.

**What to do.** Correct the module. \`cause\` is the original error. A native addon that cannot be loaded in a worker thread must not be imported by the processor.`,
  ZK_PROCESSOR_INVALID: `# ZK_PROCESSOR_INVALID

**What happened.** The module was imported, but its default export is not a processor. The message says what was found.

**Why.** The default export is missing, is a class or a function, or has neither a \`process\` nor a \`processBatch\` function, or both. Or the work has \`batch\`, and its processor takes messages one by one.

**What to do.** \`export default defineProcessor({ process(message, ctx) { … } })\`; in CommonJS, \`module.exports = { process }\`.`,
  ZK_HOOKS_INVALID: `# ZK_HOOKS_INVALID

**What happened.** The module that \`hooksModule\` names was imported, but its default export has no hooks for threads. The message says what was found.

**Why.** The default export is missing, has neither \`preProcessing\` nor \`postProcessing\`, or has a hook of the main thread.

**What to do.** \`export default { preProcessing(message, ctx) { … } }\`. Hooks of the main thread (\`postRead\`, \`preWrite\`, …) are given to \`workFactory({ hooks })\` or \`create({ hooks })\`.`,
  ZK_TRACING_UNAVAILABLE: `# ZK_TRACING_UNAVAILABLE

**What happened.** A work or a writer wants traces, and \`@opentelemetry/api\` cannot be loaded.

**Why.** \`tracer\` is given, to it, its factory or its client, and the package is not installed. It is an optional peer dependency of @zk/runtime.

**What to do.** \`npm install @opentelemetry/api\`, beside the SDK that the spans go to (\`docs/guides/tracing.md\`); or remove \`tracer\`.`,
  ZK_FORMAT_INVALID: `# ZK_FORMAT_INVALID

**What happened.** The processor's \`format\` could not be opened, which each thread does before its first message.

**Why.** The configuration of its schema registry is not valid (an address that is no URL, a certificate that cannot be read, a value that cannot be sent to another thread), or \`open\` of a format of your own threw. A registry that is down is no reason: it is asked when a record needs it.

**What to do.** Correct what the message names. \`docs/guides/formats.md\` has the rest.`,
  ZK_PROCESSOR_SETUP_FAILED: `# ZK_PROCESSOR_SETUP_FAILED

**What happened.** The processor's \`setup(thread)\` threw, rejected, or took longer than \`setupTimeoutMs\`.

**Why.** Mostly something that the handler needs, such as a database, was not reachable.

**What to do.** See \`cause\`. Raise \`setupTimeoutMs\` when a slow setup is normal. No message is given to a thread before its setup has finished.`,
  ZK_TYPESCRIPT_UNAVAILABLE: `# ZK_TYPESCRIPT_UNAVAILABLE

**What happened.** The processor is TypeScript, and esbuild, which compiles it, is not installed or does not run on this platform.

**Why.** esbuild is an optional dependency: \`--omit=optional\` leaves it out, and so do installations made on another platform.

**What to do.** Install esbuild, or build the processor first and give the JavaScript file, which production images should do anyway.`,
  ZK_TYPESCRIPT_FAILED: `# ZK_TYPESCRIPT_FAILED

**What happened.** esbuild could not compile the processor or a file that it imports. The message lists the places as \`file:line:column\`.

**Why.** A syntax error, or a relative import of a file that does not exist. Types are not checked here: run \`tsc\` for that.

**What to do.** Correct the source.`,
  ZK_TYPESCRIPT_NOT_WRITABLE: `# ZK_TYPESCRIPT_NOT_WRITABLE

**What happened.** The processor was compiled, but there is no place to put the result. It is kept in \`node_modules/.cache/zk\` of the nearest package, or else as a hidden file beside the source.

**Why.** Both folders are read-only, as in hardened containers.

**What to do.** Build the processor when the image is built, and give the JavaScript file.`,
  ZK_TOPIC_NOT_FOUND: `# ZK_TOPIC_NOT_FOUND

**What happened.** A topic to be read does not exist on the cluster, or this client may not see it.

**Why.** A spelling mistake, the wrong cluster, a topic that is created later, or a missing Describe permission: Kafka does not tell these apart.

**What to do.** Create the topic or correct the name. Set \`waitForTopics\` when something else creates it after the start.`,
  ZK_TOPIC_INVALID: `# ZK_TOPIC_INVALID

**What happened.** A topic name cannot exist in Kafka, or a pattern is not a regular expression that librdkafka and JavaScript read alike.

**Why.** Kafka allows 1 to 249 characters of \`a-z\`, \`A-Z\`, \`0-9\`, \`.\`, \`_\` and \`-\`, and neither \`.\` nor \`..\`. A name that begins with \`^\` is taken as a regular expression over topic names: librdkafka matches it by the C library's POSIX extended ones, which know no \`\\d\` or \`(?:\`, and the runtime by JavaScript's, which know no \`[[:digit:]]\`.

**What to do.** Correct the name, or write the pattern with sets such as \`[0-9]\`, groups, \`|\` and quantifiers only.`,
  ZK_BROKER_UNREACHABLE: `# ZK_BROKER_UNREACHABLE

**What happened.** None of the bootstrap servers answered in time.

**Why.** A wrong address or port, brokers that are down, a firewall, TLS spoken to a plain port or the reverse, or brokers that advertise an address which cannot be reached from here.

**What to do.** Try the same address with another client from the same machine. If the first connection works and later ones fail, look at the broker's \`advertised.listeners\`.`,
  ZK_BROKER_AUTH: `# ZK_BROKER_AUTH

**What happened.** The broker refused the client: credentials or certificate were not accepted, or the principal may not do what was asked.

**Why.** A wrong \`sasl\` (mechanism, username, password), credentials or a token that have ended, a certificate that one side does not trust, or missing permissions on the topic (Read, Describe) or the group (Read).

**What to do.** Correct \`sasl\` or \`tls\`, or the permissions; \`docs/guides/security.md\` shows each mechanism. Trying again without a change does not help.`,
  ZK_GROUP_REFUSED: `# ZK_GROUP_REFUSED

**What happened.** The group's coordinator does not let this member join, and will not as long as neither its configuration nor the group changes.

**Why.** The other members use assignment strategies of which this one has none in common (cooperative-sticky does not mix with range and roundrobin), the session timeout lies outside of the broker's \`group.min.session.timeout.ms\` to \`group.max.session.timeout.ms\`, the group has as many members as the broker allows, its name is empty, or the brokers do not have the group protocol (\`groupProtocol\`).

**What to do.** Give \`assignmentStrategy\` a strategy that all members know, for a rolling change as documented there, or \`sessionTimeoutMs\` a value that the broker takes.`,
  ZK_BROKER_FATAL: `# ZK_BROKER_FATAL

**What happened.** librdkafka reported an error from which the client instance cannot recover. Exit code 3.

**Why.** The message has librdkafka's sentence and code.

**What to do.** Restart the process. Everything not committed is read again. If it comes back, the message names the reason.`,
  ZK_FENCED: `# ZK_FENCED

**What happened.** Another process has this process's place in the group, under the same \`groupInstanceId\`. With the group protocol \`classic\` it came later, and Kafka gave it the place; with \`consumer\` it was there before and has not left. Exit code 3.

**Why.** Two running processes share one \`groupInstanceId\`; often a copied deployment, or an old pod that has not ended yet. With the protocol \`consumer\` it may also be the process's own predecessor, which was killed: its place becomes free when its session has timed out (45 s, unless the brokers say otherwise).

**What to do.** Give each process an id of its own (the ordinal of a StatefulSet does), or none at all.`,
  ZK_OFFSET_UNAVAILABLE: `# ZK_OFFSET_UNAVAILABLE

**What happened.** A partition has no committed offset, or its committed offset is gone, and \`autoOffsetReset\` is \`'error'\`. The work stopped. Exit code 4.

**Why.** The group is new, its offsets expired, or retention has deleted what it had not read.

**What to do.** Decide where to begin: set the group's offsets with \`kafka-consumer-groups --reset-offsets\`, or choose \`earliest\` or \`latest\`.`,
  ZK_COMMIT_FAILED: `# ZK_COMMIT_FAILED

**What happened.** A commit of offsets was not accepted until its deadline. When it was the last one of a run that drained, the run fails with it. Exit code 3. When partitions are given back it is logged, and the work goes on.

**Why.** The group moved on without this member (a rebalance, a session timeout), or the coordinator was not reachable.

**What to do.** Nothing, when it is rare: the records are read again by the next owner (at least once). When it is frequent, look for long pauses of the process and for the group coordinator's health.`,
  ZK_KAFKA_NOT_BUILT: `# ZK_KAFKA_NOT_BUILT

**What happened.** The Kafka client, node-rdkafka, is installed, but its compiled part is missing or does not load.

**Why.** Its install script was not allowed to run (pnpm asks for it: \`allowBuilds\`), or there was no compiler, Python or make, or the installation was made for another platform or Node version.

**What to do.** Allow the script and install the tools, then run \`pnpm rebuild node-rdkafka\` or \`npm rebuild node-rdkafka\`. \`zk doctor\` looks again.`,
  ZK_NATIVE_NOT_BUILT: `# ZK_NATIVE_NOT_BUILT

**What happened.** \`@zk/native\` is installed, but its compiled part is missing or does not load.

**Why.** Install scripts were not allowed, there was no compiler or Python, or the installation was made on another platform or for another Node version.

**What to do.** Allow the install script of \`@zk/native\` and install again with a C++ compiler and Python 3. The portable reader (\`reader: 'portable'\`) needs none of it, and is slower.`,
  ZK_NATIVE_VERSION: `# ZK_NATIVE_VERSION

**What happened.** The native reader found another node-rdkafka or librdkafka in the process than the one it was built for.

**Why.** Two versions of node-rdkafka are installed, or node-rdkafka was upgraded and \`@zk/native\` not built again.

**What to do.** Have one version in the tree and rebuild \`@zk/native\`, or use the portable reader.`,
  ZK_READER_UNAVAILABLE: `# ZK_READER_UNAVAILABLE

**What happened.** The reader that was asked for by name cannot be used.

**Why.** \`reader: 'native'\` fails instead of falling back; the cause says what is missing.

**What to do.** Remove the cause, or let \`reader: 'auto'\` choose.`,
  ZK_NATIVE_MAIN_THREAD: `# ZK_NATIVE_MAIN_THREAD

**What happened.** \`@zk/native\` was loaded in a worker thread.

**Why.** It works on node-rdkafka's consumer, which lives on the main thread and cannot be loaded twice in a process.

**What to do.** Remove the import from the processor. Handlers get their records from the runtime.`,
  ZK_NATIVE_NOT_A_CONSUMER: `# ZK_NATIVE_NOT_A_CONSUMER

**What happened.** The native reader was given something else than a connected consumer of its own node-rdkafka.

**Why.** The consumer was not connected yet or no longer, or it comes from a second copy of node-rdkafka.

**What to do.** Install one version of node-rdkafka. Under the runtime itself this is a fault: please report it.`,
  ZK_NATIVE_READER_OPEN: `# ZK_NATIVE_READER_OPEN

**What happened.** A second native reader was opened on a consumer.

**Why.** One reader takes the consumer's partition queues; two would share them out at random.

**What to do.** Close the first one before. Under the runtime itself this is a fault: please report it.`,
  ZK_NATIVE_SLOT: `# ZK_NATIVE_SLOT

**What happened.** A partition, or the number that stands for it, was attached to the native reader twice.

**Why.** It was assigned again without having been detached.

**What to do.** Detach it first. Under the runtime itself this is a fault: please report it.`,
  ZK_HANDLER_TIMEOUT: `# ZK_HANDLER_TIMEOUT

**What happened.** A handler had not ended at its deadline (\`processTimeoutMs\`, and what \`ctx.extendDeadline\` added), nor \`graceMs\` after \`ctx.signal\` aborted. Its thread was ended and replaced. The record is tried again or has failed, as \`retry\` and \`onExhausted\` say. Where it ends the work: Exit code 4.

**Why.** It computes without end, or waits for something that does not come and does not listen to \`ctx.signal\`. Where it computes, the stack of the error shows where its thread was.

**What to do.** Pass \`ctx.signal\` on to what the handler awaits, and give calls to other systems a timeout of their own. Long jobs that are healthy call \`ctx.extendDeadline\` as they get on, or need a longer \`processTimeoutMs\`. A handler that computes must end by itself: no signal reaches it.`,
  ZK_THREAD_DIED: `# ZK_THREAD_DIED

**What happened.** A thread died of a record that it was running: it exited, filled its memory, or an error escaped its handler. It was replaced; other records that it ran are repeated, in order. Where it ends the work: Exit code 4.

**Why.** \`details.cause\` says which: \`exit\` (\`process.exit\` in a handler or a dependency), \`out-of-memory\` (\`maxHeapMb\` or \`maxExternalMb\`), \`crash\` (an exception or rejection outside of any handler, such as in a timer or an event emitter; it is the \`cause\`), \`timeout\` (code outside of any handler, such as a timer that one left behind, kept the thread from its records; the stack says where).

**What to do.** Correct what ended it. An error in a callback belongs into a promise that the handler awaits; promises that nobody awaits need a \`catch\`.`,
  ZK_THREAD_CRASH_LOOP: `# ZK_THREAD_CRASH_LOOP

**What happened.** A thread died three times in a row while it ran no record, and finished none in between; the work stopped itself. Exit code 4.

**Why.** Something ends each new thread without a handler: an exception, or an endless loop, in a timer or a connection that \`setup\` made, the heap limit, \`process.exit()\` in a dependency. (A record whose handler kills its thread does not lead here: it is charged an attempt, and fails for good in the end.)

**What to do.** The log has each death with its cause. Offsets of unfinished records are not committed.`,
  ZK_THREAD_START_FAILED: `# ZK_THREAD_START_FAILED

**What happened.** A worker thread did not become ready.

**Why.** The processor could not be imported or set up in it, or the system refused a thread (memory, process limits).

**What to do.** See \`cause\`.`,
  ZK_THREAD_UNSTOPPABLE: `# ZK_THREAD_UNSTOPPABLE

**What happened.** A thread did not end within \`terminateTimeoutMs\` after it was terminated. Exit code 5.

**Why.** Node stops JavaScript at once, but a blocking native call (\`execSync\`, \`scryptSync\`, a read that never returns) cannot be interrupted.

**What to do.** \`zk run\` ends its process; a program must end its own, because the thread cannot be got rid of otherwise. Replace the blocking call by its asynchronous form.`,
  ZK_CRASH_JOURNAL_IN_USE: `# ZK_CRASH_JOURNAL_IN_USE

**What happened.** Another living process, or another work of this one, has the crash journal of the same \`clientId\` in the same folder.

**Why.** Each would count what the other runs as what was running at a death. \`details.pid\` is the process that has it.

**What to do.** Give each process its own \`clientId\`, or its own folder. A lock that was left behind by a process that is gone is taken over by itself; processes of other machines or containers cannot be told from such, so do not share the folder with them.`,
  ZK_CRASH_JOURNAL_UNUSABLE: `# ZK_CRASH_JOURNAL_UNUSABLE

**What happened.** The folder that \`crashJournal\` names cannot be made, read or written to. The work did not start.

**Why.** A file is in its place, the file system is read-only, or the user of the process may not write there. A disk that is full is not the cause: that is logged, and the work goes on without marks.

**What to do.** Give a folder that the process may write to, or remove \`crashJournal\`.`,
  ZK_RECORD_FAILED: `# ZK_RECORD_FAILED

**What happened.** A record failed all its attempts, and \`onExhausted\` is \`'stop'\`. Exit code 4.

**Why.** The cause is the handler's last error. Topic, partition and offset are in \`details\`.

**What to do.** Correct the handler or what it depends on, and start again: the record was not committed and comes first. With \`onExhausted: 'complete'\` such records are logged, counted as failed and passed over.`,
  ZK_PROCESS_CRASHED: `# ZK_PROCESS_CRASHED

**What happened.** A record was running when the whole process died, as often as \`crashJournal\` allows. It is not run again: it goes to the dead letter topic with cause \`process-crash\`, or \`onExhausted\` decides.

**Why.** Its handler ends the process and not only its thread: an abort or a segmentation fault in native code, an out-of-memory death that V8 does not survive. A process that is killed from outside marks what it was running as well; those records run alone once and are then forgotten.

**What to do.** Look at the record (\`zk dlt ls\`), and at what the process printed when it died.`,
  ZK_DEAD_LETTER_TOPIC: `# ZK_DEAD_LETTER_TOPIC

**What happened.** The work has a \`deadLetterTopic\` that does not exist, or that this client may not use; or a header style that the portable producer cannot write. Nothing was consumed.

**Why.** A misspelt name, a topic that nobody created (the brokers do not create topics by themselves), or no rights to describe it and write to it.

**What to do.** Create the topic or correct the name; allow this client Describe and Write on it. Headers of the style \`spring\` are bytes and need @zk/native.`,
  ZK_DEAD_LETTER_TOO_LARGE: `# ZK_DEAD_LETTER_TOO_LARGE

**What happened.** A record failed, and the dead letter topic takes nothing so large, with the headers that say where it came from and why. With \`deadLetterTopic.oversized: 'stop'\` the work stops then. Exit code 4. The record is not committed.

**Why.** \`max.message.bytes\` of the dead letter topic is smaller than that of the topic the record was read from, or leaves no room for the headers.

**What to do.** Raise \`max.message.bytes\` of the dead letter topic above that of its sources, by some KiB, and start again. With \`'truncate'\`, the default, such a record goes there without its value, and with the header \`zk.dlt.value.dropped\`, which is the value's size in bytes.`,
  ZK_DEAD_LETTER_FLOOD: `# ZK_DEAD_LETTER_FLOOD

**What happened.** The part of dead letters among the latest records was above \`deadLetterTopic.maxDeadLetterRatio\`, and the work stopped. Exit code 4. What was finished is committed, and each dead letter is in its topic.

**Why.** So many failures are seldom the records' fault: a dependency is down, a deployment is broken, a format changed. Going on would move the whole topic into the dead letter topic.

**What to do.** \`zk dlt ls\` shows the causes. Correct what is wrong and start again; then \`zk dlt replay\` brings the dead letters back.`,
  ZK_SHUTDOWN_DEADLINE: `# ZK_SHUTDOWN_DEADLINE

**What happened.** Handlers were still running when \`shutdownTimeoutMs\` had passed. Exit code 2. Only \`zk run\` ends with it: in a program \`run()\` resolves, with the reason \`deadline\` and the records in \`blocked\`.

**Why.** The handlers take longer than the deadline, or do not obey \`ctx.signal\`.

**What to do.** Nothing is lost: the records were not committed and are read again. Pass \`ctx.signal\` on to what the handler awaits, or raise \`shutdownTimeoutMs\` (and the grace period of whatever stops the process, which must be longer).`,
  ZK_WORK_ALREADY_RUNNING: `# ZK_WORK_ALREADY_RUNNING

**What happened.** \`run()\` was called on a work that is running.

**Why.** A work is one membership in one consumer group, from join to leave.

**What to do.** Wait until the first \`run()\` has ended, or create another work from the factory to run beside it.`,
  ZK_CLIENT_CLOSED: `# ZK_CLIENT_CLOSED

**What happened.** The client was used after \`close()\`.

**Why.** \`close()\` ends the connections for good.

**What to do.** Create a new client, or close later.`,
  ZK_BATCH_MESSAGE_UNKNOWN: `# ZK_BATCH_MESSAGE_UNKNOWN

**What happened.** \`processBatch\` called \`ctx.fail(message, error)\` or \`ctx.of(message)\` with a message that is not one of those that it was called with.

**Why.** A copy of the message was given (\`{ ...message }\`), or a message of another batch that the handler had kept.

**What to do.** Give the object from \`messages\`, such as \`messages[i]\`.`,
  ZK_SEND_INVALID: `# ZK_SEND_INVALID

**What happened.** \`ctx.send\` was called with something that cannot be written. It threw at once; nothing was sent.

**Why.** The topic is no name of a topic, a key, value or header value is neither a Buffer nor a text nor null, or the partition or timestamp is no such number. An object is not turned into JSON by itself.

**What to do.** Correct the call that the stack names; encode objects, for instance with \`JSON.stringify\`.`,
  ZK_SEND_FAILED: `# ZK_SEND_FAILED

**What happened.** A record that a handler sent was not acknowledged by the brokers. The record that was being processed fails with it, even if the handler did not look, and is tried again as \`retry\` says.

**Why.** \`details.code\` is librdkafka's: the topic does not exist (3, -188), the record is too large for it (10), this client may not write to it (29), or no broker acknowledged it within \`delivery.timeout.ms\`, 30 s (-192).

**What to do.** Create the topic, or correct its limits or rights. After a time-out the record may have been written all the same: outputs are written at least once.`,
  ZK_SEND_SUPERSEDED: `# ZK_SEND_SUPERSEDED

**What happened.** A record that a handler sent was not written, because nobody waits for the handler's result any more.

**Why.** The partition was given to another process while the handler ran on, or the record is being processed anew.

**What to do.** Nothing: whoever has the record now sends again. Pass \`ctx.signal\` on to what the handler awaits, so that it ends sooner.`,
  ZK_SEND_TOO_LATE: `# ZK_SEND_TOO_LATE

**What happened.** \`ctx.send\` was called after the handler had returned, or its promise had settled.

**Why.** The handler started something that it did not await. What is sent then belongs to no record: its failure could fail nothing.

**What to do.** Await what the handler starts, or return its promise.`,
  ZK_SEND_OVERFLOW: `# ZK_SEND_OVERFLOW

**What happened.** One handler sent 100,000 records, or 256 MiB, that were not acknowledged yet.

**Why.** It sends in a loop without awaiting, so that nothing slows it down.

**What to do.** Await \`ctx.send\`, or collect some promises and await them together.`,
  ZK_WRITE_INVALID: `# ZK_WRITE_INVALID

**What happened.** \`write\`, \`writeKey\` or \`writeRaw\` of a writer was called with something that cannot be written. The promise rejected at once; nothing was sent.

**Why.** A key, value or header value is neither a Buffer nor a text nor null, or the partition or timestamp is no such number. Without a \`format\` a writer does not turn an object into JSON.

**What to do.** Correct the call, or give the writer a format, such as \`json()\`.`,
  ZK_WRITE_FAILED: `# ZK_WRITE_FAILED

**What happened.** A record that a writer wrote was not acknowledged by the brokers.

**Why.** \`details.code\` is librdkafka's: the topic does not exist (3, -188) or has no such partition (-190), the record is too large for it (10), this client may not write to it (29), no broker acknowledged it within \`deliveryTimeoutMs\` (-192), or within the time that \`close\` gives (-151, -152). \`retryable\` says whether the same record may be taken later without a change.

**What to do.** Where it is not retryable, correct the record, the topic or the rights. Otherwise write it again; where \`details.mayBeWritten\` is true the brokers may have it already, so that it may be there twice.`,
  ZK_WRITE_OVERFLOW: `# ZK_WRITE_OVERFLOW

**What happened.** \`maxOutstandingRecords\` or \`maxOutstandingBytes\` of a writer were on their way, and it was asked to write one more. The promise rejected at once; nothing was sent.

**Why.** A loop writes without awaiting, faster than the brokers acknowledge, or while they do not answer.

**What to do.** Await the writes, or \`await writer.ready\` in the loop, which waits while half of the limit is on its way.`,
  ZK_WRITER_CLOSED: `# ZK_WRITER_CLOSED

**What happened.** A writer was asked to write after \`close()\` of it or of its client had begun; or a record still waited in the writer, for a schema for instance, when the time that \`close\` gives was over.

**Why.** Something still writes while the program ends.

**What to do.** Close writers last. \`client.writer\` with the same configuration makes a new one after the old one is closed.`,
  ZK_READER_CLOSED: `# ZK_READER_CLOSED

**What happened.** A reader was asked to read or to commit after \`close()\` of it or of its client had begun.

**Why.** Something still reads while the program ends. A \`for await\` over the reader just ends then.

**What to do.** Stop reading before you close. \`client.reader\` with the same configuration makes a new one.`,
  ZK_DECODE_FAILED: `# ZK_DECODE_FAILED

**What happened.** The value of a record could not be decoded by the processor's format.

**Why.** The bytes are of another format, or do not fit the schema. The cause is the parser's own error.

**What to do.** Correct the producer or the schema. A topic with values of several kinds is best read without a format, from \`message.rawValue\`. Trying the same bytes again cannot succeed, so the error is not retryable.`,
  ZK_ENCODE_FAILED: `# ZK_ENCODE_FAILED

**What happened.** A value could not be written in a format.

**Why.** It does not fit the schema, or has no representation in the format (\`undefined\`, a function, a circular reference in JSON; half of a surrogate pair in text; what is no bytes in \`bytes\`).

**What to do.** Correct the value.`,
  ZK_FORMAT_OPTIONS: `# ZK_FORMAT_OPTIONS

**What happened.** A format was made with options that cannot be: one that is unknown or misspelt, of another type, or that contradicts another; a schema that is not valid; or an id that none can be.

**Why.** The message names the option, what was expected, and the nearest name. It is thrown where the format is made: by \`avro\`, \`proto\`, \`avroRegistry\`, \`protoRegistry\`, \`jsonRegistry\`, \`json\`, \`withSchemaId\` and \`new SchemaRegistry\`. In a processor module it is the cause of ZK_PROCESSOR_LOAD_FAILED.

**What to do.** Correct the option. [Formats](guides/formats.md) has all of them. Values of options that are unknown are not repeated in the message, because they may be secrets.`,
  ZK_REGISTRY_UNAVAILABLE: `# ZK_REGISTRY_UNAVAILABLE

**What happened.** A schema registry gave no answer, or one that says that it cannot answer now (HTTP 408, 429 or 5xx), and went on with it while the request was tried again.

**Why.** The registry is down, restarting or overloaded, or the network between is; a certificate that is not trusted is told here too. The message has the reason. Records are not to blame: a record whose schema could not be fetched waits and is tried again, and is never a dead letter for this.

**What to do.** Look at the registry, its address in \`registry.url\`, and \`registry.tls\` where it has a private certificate authority. Schemas that were fetched before are known until the process ends, so that a registry may be restarted under a running work.`,
  ZK_REGISTRY_REFUSED: `# ZK_REGISTRY_REFUSED

**What happened.** Something answered at the registry's address, and did not do what it was asked: HTTP 401 or 403, or an answer that is none of a schema registry.

**Why.** Credentials are missing, wrong or expired, they may not read or write the subject, or the address is that of something else (a proxy's login page, a registry without its path, such as Apicurio's \`/apis/ccompat/v7\`). It is retryable, since no record is to blame: records wait until somebody mends it.

**What to do.** Check \`registry.url\` and \`registry.auth\`, and what the user may do with the subject. A user that only reads needs no right to write: \`autoRegister\` is off unless it is asked for.`,
  ZK_SCHEMA_NOT_FOUND: `# ZK_SCHEMA_NOT_FOUND

**What happened.** The registry has no schema with the id that a value begins with, no version that a reference names, or not the schema that a format writes with.

**Why.** The value was written with another registry, or is no value of a registry at all and begins with a zero by chance; a subject was deleted; or, on writing, nobody has registered this schema in this subject, and \`autoRegister\` is off. The message names the id or the subject.

**What to do.** On reading, check that the producer and the work use the same registry. On writing, register the schema when you deploy, or set \`autoRegister\`. \`subject\` and \`subjectStrategy\` decide which subject is asked.`,
  ZK_SCHEMA_INCOMPATIBLE: `# ZK_SCHEMA_INCOMPATIBLE

**What happened.** The registry does not take a schema as the next version of its subject, or values written with a schema cannot be read as the format's own.

**Why.** The subject's compatibility level forbids the change; or, on reading Avro, a field has no default and the writer does not write it, a type changed to one that it cannot become, a decimal has another scale. The message says which where the registry or Avro tells.

**What to do.** Give new fields a default, keep types or widen them (int to long), and rename with an alias. For a change that cannot be compatible take another topic or subject.`,
  ZK_SCHEMA_INVALID: `# ZK_SCHEMA_INVALID

**What happened.** The registry refused a schema as not valid (HTTP 422), or one that it gave cannot be parsed.

**Why.** A mistake in the schema, a reference that does not exist, or a type that no reference defines.

**What to do.** Correct what the message says.`,
  ZK_CLI_USAGE: `# ZK_CLI_USAGE

**What happened.** The command line is not valid.

**Why.** An unknown command or flag, a missing argument, or a value of the wrong kind.

**What to do.** \`zk --help\`, or \`zk <command> --help\`.`,
  ZK_BENCH_TOPIC: `# ZK_BENCH_TOPIC

**What happened.** \`zk bench\` could not make, or could not fill, the topics that it measures on. They are deleted at its end.

**Why.** With \`--brokers\`, and without \`--topic\`, the messages are written to the cluster. The client may not create topics there, the
cluster has too few brokers for its default replication factor, or it refuses the messages. The sentence has the broker's words.

**What to do.** Let the client create, write and delete topics whose names begin with \`zk-bench-\`, or measure on the embedded broker with
\`--on embedded\`.`,
  ZK_BENCH_RUN_DIED: `# ZK_BENCH_RUN_DIED

**What happened.** \`zk bench\` measures each run in a process of its own, and one of these ended by itself. The way that
it measured is left out; where it was the first, or nothing else was measured, it ends the bench.

**Why.** The processor, or a native package that it loads, has ended its process: by \`process.exit\` outside of a thread, by a crash of
native code, or because the machine had no memory left (signal SIGKILL).

**What to do.** Look at what it wrote to stderr, and run the processor with \`zk run --until-end\`; with less memory, give fewer threads or a
lower concurrency.`,
  ZK_BENCH_STALLED: `# ZK_BENCH_STALLED

**What happened.** While \`zk bench\` measured a way, no message completed for 30 s, or for five times \`--seconds\` if that is more; or some
handlers had not ended so long after the others.

**Why.** A handler waits for something that does not come, such as a promise that nobody settles, a lock, or a connection of a pool that has
no more; or it computes without an end. The sentence names one such message, its thread, and since when its handler runs. \`sleeping\`: it
waits; \`spinning\`: it computes.

**What to do.** Give what it waits for a timeout, or the work a \`processTimeoutMs\` (in the file of \`--config\`), so that such messages
fail and are counted. Where only ways of high concurrency stand still, something that handlers share has too little for them. A handler that takes
that long needs more \`--seconds\`.`,
  ZK_TEST_TIMEOUT: `# ZK_TEST_TIMEOUT

**What happened.** Something that a test of yours waits for (\`until\` or \`settled\` of a fake client, \`readTopic\`) was not so in time.

**Why.** The code under test did not do it, or not yet: \`details.what\` is the condition, or what the topic held instead.

**What to do.** Look at \`outcomes()\`, \`records()\` and the log of the work. Raise \`timeoutMs\` where the code is slow and right.`,
  ZK_TEST_BROKER_DOWN: `# ZK_TEST_BROKER_DOWN

**What happened.** The embedded broker of \`useEmbeddedBroker\` was used before the first test, or after the last.

**Why.** It starts with the suite: where a test file is loaded it has no address yet.

**What to do.** Ask for \`client\`, \`bootstrapServers\` and topics inside a test or a hook.`,
  ZK_HEALTH_PORT: `# ZK_HEALTH_PORT

**What happened.** \`zk run --health-port\` cannot listen on the address. Nothing was consumed.

**Why.** Another process has the port, ports below 1024 need a privilege, or \`--health-host\` is no address of this machine.

**What to do.** Give another \`--health-port\` (0 takes a free one; the log says which), or \`--health-host\`: 127.0.0.1, the default, or 0.0.0.0 in a pod.`,
  ZK_UNKNOWN_CODE: `# ZK_UNKNOWN_CODE

**What happened.** \`zk explain\` was asked for a code that does not exist.

**Why.** A spelling mistake, or a code of another version.

**What to do.** The list of codes is on this page.`,
  ZK_INTERNAL: `# ZK_INTERNAL

**What happened.** The runtime found itself in a state that its own rules exclude.

**Why.** A fault in the runtime.

**What to do.** Report it, with the stack and what led to it. Offsets are only committed below finished records, so a restart is safe.`,
}
