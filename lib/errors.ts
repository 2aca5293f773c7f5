/**
 * Every error Millrace raises: one class, one table of codes. A message says what failed, where, and what to do; it
 * never contains a record's key or value. `docs/errors.md` lists the same codes; a test compares the two.
 */

/** Code → what the reader should do about it. Keep sorted by prefix, one line each. */
export const ERROR_CODES = {
  ACTIVITY_INVALID: 'Correct the event: see the reason in the message.',
  ASYNC_TIMEOUT: 'Raise `timeoutMs` or allow more `attempts`; find out why what the handler waits for is slow.',
  BROKER_FOLDER_IN_USE: 'Stop the other broker, or name another data folder.',
  BROKER_LISTEN_FAILED: 'Choose another address, or ask for the right to listen there.',
  BROKER_REQUEST_REJECTED: 'The client asked for what is not answered here; see which versions ApiVersions names.',
  BROKER_STORAGE_FAILED: 'Check that the data folder exists, can be written and has space left.',
  CLIENT_AUTHORIZATION: 'Grant the named operation on the named resource to this principal.',
  CLIENT_CLOSED: 'Nothing: the client was closed while the call was under way.',
  CLIENT_FENCED: 'Another instance took over this transactional id or instance id: close, and let that one go on.',
  CLIENT_LOG_TRUNCATED:
    'Records that were read are gone from the topic: correct what was made of them, then commit the offset to go on from.',
  CLIENT_OFFSET_OUT_OF_RANGE: 'Data was deleted before it was read: raise retention, then choose where to go on from.',
  CLIENT_PARTITION_MISSING:
    'Use a partition that the topic has; it may have been deleted and created again with fewer.',
  CLIENT_RECORD_INVALID:
    'Correct the code that makes the record: keys and values are bytes or null, times whole milliseconds, partitions exist.',
  CLIENT_REQUEST_FAILED: 'Read the Kafka error named; retriable ones were retried until the time was up.',
  CLIENT_STATE_INVALID: 'Call the operations in the documented order.',
  CLIENT_TOPIC_MISSING: 'Create the topic, or correct its name.',
  CLIENT_TRANSACTION_ABORTED: 'Send the records again in a new transaction.',
  CLIENT_UNREACHABLE: 'Check the broker addresses, that the brokers run, and the network between.',
  CLIENT_VERSION_UNSUPPORTED: 'Use a broker of version 2.5 or later that offers the named API.',
  CONFIG_INVALID: 'Correct the named option.',
  DESERIALIZE_FAILED:
    'The record at the place named does not fit the serdes of its source: correct them, or dead-letter such records.',
  GROUP_INSTANCE_FENCED: 'Two processes use one group instance id: give each its own state folder, or stop one.',
  GROUP_MEMBER_DATA: 'Give each application its own group id; finish a rolling upgrade before starting the next.',
  GROUP_POLL_INTERVAL:
    'Make the work of the record named shorter, e.g. in mapAsync, or raise maxPollIntervalMs. The member joins again.',
  GROUP_STALE_GENERATION:
    'Nothing: the group moved on, its member joins again; if it repeats, raise the session timeout.',
  HANDLER_FAILED: 'Correct the handler or listener named: it threw, or answered what it may not.',
  HTTP_LISTEN_FAILED: 'Choose another address or port, or ask for the right to listen there.',
  INJECT_INVALID: 'Write --inject as shuffle=MS,duplicate=SHARE,late=SHARE:MS, each at most once.',
  INPUT_FORMAT_MISMATCH: 'Name the format the file really has, or repair its first line.',
  INPUT_FORMAT_UNKNOWN: 'Use one of the formats named.',
  INPUT_MISSING: 'Correct the path of --input, and make the file readable.',
  INPUT_UNREADABLE: 'Fetch the file again; check it with gzip -t, or repair the row named.',
  KAFKA_START_FAILED: 'Read the named broker log; free the data folder if another broker holds it.',
  KAFKA_UNAVAILABLE: 'Install Java 17 and Maven, start Docker, or name a running broker in KAFKA_BROKERS.',
  LOADER_INPUT_CONFLICT:
    'Load one input per topic prefix: choose another --topic-prefix and --application-id, or --no-load.',
  PAGE_PACKAGES_MISSING: 'Install the packages named; they are optional peers, needed only to serve the page.',
  PARTITION_INVALID: 'Correct the partitioner: it must answer a partition the topic has, or null.',
  PORT_IN_USE: 'Choose another port, or stop what listens there.',
  PROCESSOR_KEY_CHANGED: 'Use `process` where the key changes; `processValues` must keep it.',
  PROCESSOR_LATE: 'Forward before the call returns: work that waits for something belongs into processAsync.',
  PROCESSOR_SHARED: 'Make a new one in every call of the supplier: tasks would share its state.',
  PROCESSOR_TIMER_INVALID: 'Schedule a whole number of milliseconds, inside `onTimer` after the time that fires.',
  PROCESSOR_TIMER_NOT_HANDLED: 'Give the processor an `onTimer`, or leave the timer store out of its `stores`.',
  PROCESS_FAILED:
    'Read the cause: user code of the node named threw. Correct it, or set the processing handler to skip or dead-letter.',
  PROCESS_RETRY: 'Nothing: the processing handler asked to try a record again, from the last commit.',
  PROTOCOL_BATCH_INVALID: 'The record batch is damaged: read the partition from another replica or restore the log.',
  PROTOCOL_COMPRESSION_FAILED: 'The compressed data is damaged: read the partition from another replica.',
  PROTOCOL_COMPRESSION_UNSUPPORTED: 'Use a codec that is supported here; zstd needs Node >= 22.15.',
  PROTOCOL_CRC_MISMATCH: 'The batch changed on disk or on the way: read the partition from another replica.',
  PROTOCOL_INVALID: 'The peer sent bytes that are no valid message; check that it speaks Kafka, and its version.',
  PROTOCOL_MAGIC_UNSUPPORTED: 'Only record format 2 (Kafka >= 0.11) is read; upgrade the topic or its producers.',
  PROTOCOL_TOO_LARGE: 'Raise the size limit, or send smaller batches.',
  PROTOCOL_TRUNCATED: 'The message was cut short: check the connection and the peer.',
  PROTOCOL_VALUE_INVALID: 'Correct the value named; it does not fit the message version.',
  PROTOCOL_VERSION_UNSUPPORTED: 'Use a version both sides speak.',
  QUERY_POSITION_BEHIND: 'Ask again a little later, or the instance that runs the partition named.',
  QUERY_STORE_KIND: 'Ask for the store by the method of its kind.',
  QUERY_STORE_NOT_READY:
    'Ask again when the instance is running (`state`, `onStateChange`): its stores are being restored.',
  QUERY_STORE_UNKNOWN: 'Ask for a store of the topology: a table has one when it is named or needed.',
  RECORD_REJECTED: 'See its cause: correct the record, make the topic, or let `onProductionError` skip it.',
  RECORD_TIMESTAMP_INVALID:
    'Correct the producer or the timestamp extractor: event time is whole milliseconds from 0 to 2^53 - 1.',
  RECORD_TOO_LARGE:
    "Raise the topic's max.message.bytes and the option maxRecordBytes, or set onProductionError to skip or dead-letter.",
  SERDE_BYTES_INVALID:
    'The bytes are not what this serde writes: check the serde of the topic, or dead-letter the record.',
  SERDE_REGISTRY_MISSING: 'Install @kafkajs/confluent-schema-registry, or pass a registry of your own.',
  SERDE_REGISTRY_REJECTED:
    'Correct the credentials for the schema registry, or grant them the right to read its schemas.',
  SERDE_REGISTRY_UNAVAILABLE:
    'Check that the schema registry answers. A record that is read is tried again for `taskTimeoutMs` first; 0: for as long as it takes.',
  SERDE_SCHEMA_INVALID:
    'Correct the Avro schema named: it is none, or cannot be resolved. Dead-letter records written with such a schema.',
  SERDE_SCHEMA_UNKNOWN: "Add the schema the record was written with to the serde's `readable` schemas, or register it.",
  SERDE_VALUE_INVALID: 'The value does not fit the serde: correct the code that makes it, or the serde.',
  SERIALIZE_FAILED: 'The value does not fit the serde of the sink named: correct the code that makes it, or the serde.',
  SERVICE_PARTITIONS: 'Leave out --partitions, or choose another --topic-prefix: the topics exist with another count.',
  STATE_CLOSED: 'Do not use a store after its task was closed.',
  STATE_COMMIT_IN_FLIGHT: 'Report the outcome of the commit before beginning the next.',
  STATE_DAMAGED: 'Nothing to do: the state is set aside and rebuilt from its changelog. Check the disk if it recurs.',
  STATE_DISK_FULL: 'Free space on the disk of the state folder: it is tried again until `taskTimeoutMs`.',
  STATE_ENGINE_MISSING:
    'Install @nxtedition/rocksdb beside millrace, on linux-x64 with glibc or darwin-arm64; elsewhere use stateEngine "level".',
  STATE_FILE_LIMIT: 'Raise the number of files the process may open (ulimit -n), or run more instances.',
  STATE_LAYOUT_UNSUPPORTED:
    "Nothing to do: the state is set aside and rebuilt from its changelog in this version's layout.",
  STATE_LOCKED: 'Stop the other process that uses this state folder, or choose another folder.',
  STATE_NOT_INDEXED: 'Declare the store with `timeIndexed` to scan it by time.',
  STATE_NOT_ORDERED: 'Declare the store with `ordered: true` to walk its keys.',
  STATE_READ_ONLY: 'Write to the topic of a global or read-only store instead; the store itself is only read.',
  STATE_STORE_UNKNOWN: 'Name a store of this task; see the stores in the topology description.',
  STATE_UNWRITABLE: 'Make the state folder writable and check that its disk has room.',
  STREAMS_APPLICATION_SHUTDOWN:
    'Read why the instance stopped that asked for it, correct that, and start the application again.',
  STREAMS_COMMIT_REJECTED: 'Read the cause: the broker refuses every transaction of this application.',
  STREAMS_INTERNAL_TOPIC_CHANGED:
    'Use a new application id to process the input again, or start again with what is left; find out who changed the topic.',
  STREAMS_INTERNAL_TOPIC_MISMATCH: 'Use a new application id, or delete the internal topic and the local state.',
  STREAMS_NO_COMMITTED_OFFSET: 'Commit an offset for the group, or set offsetReset to earliest or latest.',
  STREAMS_RESTORE_OVERTAKEN:
    'Nothing, while it is tried again. If it gives up: raise delete.retention.ms of the changelog above the time a restore takes.',
  STREAMS_SOURCE_TOPIC_CHANGED:
    'Create the topic where it is missing, and start again; use a new application id where old state must not remain.',
  STREAMS_STATE: 'Look at the state named: start once, close once.',
  STREAMS_TASK_TIMEOUT: 'Check the brokers: see the cause. Raise `taskTimeoutMs`, or 0: wait for as long as it takes.',
  SUPPRESS_BUFFER_FULL: 'Raise maxRecords or maxBytes of the suppression, or let it emit early when full.',
  TASK_METADATA_TOO_LARGE:
    'Split the topology: one sub-topology keeps the time of more operators than committed offsets can carry.',
  TASK_PARTITION_UNKNOWN: 'A defect in the runtime: report it with the task and partition named.',
  TEST_TOPIC_EMPTY: 'Read no more than was written: `isEmpty` and `queueSize` say how much there is.',
  TEST_TOPIC_UNKNOWN: 'Create test topics only for topics the topology reads or writes.',
  TOPIC_NAME_INVALID:
    "Correct the sink's function: it must answer 1 to 249 letters, digits, dots, dashes, underscores.",
  TOPOLOGY_CHILD_UNKNOWN: 'Forward to the name of a child node, or connect that node.',
  TOPOLOGY_CYCLE: 'A node must not be its own ancestor: go through a topic instead.',
  TOPOLOGY_EMPTY: 'Add at least one source.',
  TOPOLOGY_FUNCTION_ASYNC: 'Nobody would wait for it: wait in mapAsync, mapValuesAsync or processAsync instead.',
  TOPOLOGY_FUNCTION_MISSING: 'Pass the function named, or leave the operator out.',
  TOPOLOGY_GLOBAL_PROCESSOR: 'A global or read-only store is filled, nothing more: do the rest in another processor.',
  TOPOLOGY_INPUT_INVALID: 'Combine streams and tables of one StreamsBuilder, of the kinds the operator takes.',
  TOPOLOGY_NAME_DUPLICATE: 'Give every node and store a name of its own.',
  TOPOLOGY_NAME_GENERATED: 'Name the store or the operator: `store: { name }` and `name` in its options.',
  TOPOLOGY_NAME_INVALID: 'Use letters, digits, dot, dash and underscore, at most 249 characters.',
  TOPOLOGY_NOT_COPARTITIONED: 'Give the topics of a join the same number of partitions, or repartition one side.',
  TOPOLOGY_NOT_WINDOWED: 'Suppress a windowed table, or use untilTimeLimit.',
  TOPOLOGY_PARENT_UNKNOWN: 'Add the parent node first, under the name used here.',
  TOPOLOGY_PARTITIONS_UNKNOWN: 'Create the source topics first, or give the repartition an explicit `partitions`.',
  TOPOLOGY_RETENTION_TOO_SHORT: "Raise the store's retentionMs to at least the figure named, or leave it out.",
  TOPOLOGY_SERDE_MISSING: 'Pass the serde named: `key` or `value` in the options of the operator.',
  TOPOLOGY_SOURCE_CONFLICT: 'Read a topic by one source: build both branches from the same stream or table.',
  TOPOLOGY_STORE_UNKNOWN: 'Add the store to the topology and connect it to the node.',
  TOPOLOGY_TABLE_NOT_VERSIONED: 'Give the table a store with `versioned`, or leave graceMs out of the join.',
  TOPOLOGY_TIMERS_SHARED: 'Declare a timer store for each processor, and connect none to a transformer.',
  TOPOLOGY_VERSIONED: 'Suppress a table that is not versioned, or a result computed from it by an aggregation or join.',
  TRANSPORT_AUTHENTICATION: 'Correct the SASL mechanism and credentials.',
  TRANSPORT_CLOSED: 'Send again where the request may safely repeat; check the broker if it continues.',
  TRANSPORT_TIMEOUT: 'Send again where the request may safely repeat; check the load of the broker and the network.',
  TRANSPORT_TLS: 'Check certificates and that the port speaks TLS.',
  TRANSPORT_UNREACHABLE: 'Check the address, that the broker runs, and the network between.',
  WINDOW_INVALID: 'Correct the window option named.',
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** How long an error lasts, and for what. */
export type ErrorKind =
  /** The same call may succeed later without anybody changing anything. */
  | 'passing'
  /** Lasting, for the record named. */
  | 'record'
  /** Lasting, for the partition or task named; others go on. */
  | 'task'
  /** Lasting: somebody has to change something first. */
  | 'instance'

/** Where an error happened. All fields optional; never a payload. */
export interface ErrorDetails {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly taskId?: string
  readonly node?: string
  /** Of a record a sink could not serialise: which half. */
  readonly part?: 'key' | 'value'
  /** Of a record that is tried again: which attempt failed, from 1. */
  readonly attempt?: number
  /** Kafka's numeric error code, where a broker answered with one. */
  readonly kafkaCode?: number
  /** Short for kind `passing`. */
  readonly retriable?: boolean
  /** Default `passing` where `retriable`, else `instance`. */
  readonly kind?: ErrorKind
  readonly cause?: unknown
}

export class MillraceError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind
  /** Kind `passing`. */
  readonly retriable: boolean
  // Declared only: a place that is not known is not there at all, also when the error is printed.
  declare readonly topic?: string
  declare readonly partition?: number
  declare readonly offset?: number
  declare readonly taskId?: string
  declare readonly node?: string
  declare readonly part?: 'key' | 'value'
  declare readonly attempt?: number
  declare readonly kafkaCode?: number

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'MillraceError'
    this.code = code
    this.kind = details.retriable === true ? 'passing' : (details.kind ?? 'instance')
    this.retriable = this.kind === 'passing'
    if (details.topic !== undefined) this.topic = details.topic
    if (details.partition !== undefined) this.partition = details.partition
    if (details.offset !== undefined) this.offset = details.offset
    if (details.taskId !== undefined) this.taskId = details.taskId
    if (details.node !== undefined) this.node = details.node
    if (details.part !== undefined) this.part = details.part
    if (details.attempt !== undefined) this.attempt = details.attempt
    if (details.kafkaCode !== undefined) this.kafkaCode = details.kafkaCode
  }
}

/** True when `error` is a MillraceError with one of `codes` (any code when none is given). */
export function isMillraceError(error: unknown, ...codes: ErrorCode[]): error is MillraceError {
  return error instanceof MillraceError && (codes.length === 0 || codes.includes(error.code))
}
