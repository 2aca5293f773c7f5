/**
 * The errors of Millrace: one class and one table of codes. A message says what failed, where, and what to do. It never
 * contains a record's key or value. `docs/errors.md` lists the same codes, and a test compares the two.
 */

/** Code → what the reader should do. Sorted; a test checks the order. */
export const ERROR_CODES = {
  ASYNC_TIMEOUT: 'Raise `timeoutMs` or allow more `attempts`. Find out why the service that the handler calls is slow.',
  BROKER_FOLDER_IN_USE: 'Stop the other broker, or use another data folder.',
  BROKER_LISTEN_FAILED: 'Choose another address, or get the right to listen on this one.',
  BROKER_REQUEST_REJECTED: 'The broker does not support this API or version. ApiVersions lists the supported ones.',
  BROKER_STORAGE_FAILED: 'Check that the data folder exists, can be written and has space left.',
  CLIENT_AUTHORIZATION: 'Grant the named operation on the named resource to this principal.',
  CLIENT_CLOSED: 'Nothing to do: the client was closed during the call.',
  CLIENT_DELIVERY_TIMEOUT:
    'The brokers did not acknowledge the record in time: see the cause. Read the topic before you send it again.',
  CLIENT_FENCED:
    'Another instance uses this transactional id or instance id. Close this instance and let the other one run.',
  CLIENT_LOG_TRUNCATED:
    'The topic has lost records that were already read. Correct the results of these records, then commit the offset to continue from.',
  CLIENT_OFFSET_OUT_OF_RANGE:
    'Records were deleted before they were read. Raise the retention, then commit the offset to continue from.',
  CLIENT_PARTITION_MISSING:
    'Use a partition that the topic has. The topic may have been deleted and created again with fewer partitions.',
  CLIENT_RECORD_INVALID:
    'Correct the code that makes the record: keys and values are bytes or null, timestamps are whole milliseconds, and the partition must exist.',
  CLIENT_REQUEST_FAILED: 'Read the Kafka error in the message. A retriable error was retried until the time limit.',
  CLIENT_STATE_INVALID: 'Call the operations in the documented order.',
  CLIENT_TOPIC_MISSING: 'Create the topic, or correct its name.',
  CLIENT_TRANSACTION_ABORTED: 'Send the records again in a new transaction.',
  CLIENT_UNREACHABLE: 'Check the broker addresses, the network, and whether the brokers run.',
  CLIENT_VERSION_UNSUPPORTED: 'Use a broker of version 2.5 or later that supports the named API.',
  CONFIG_INVALID: 'Correct the named option.',
  DESERIALIZE_FAILED:
    'The named record does not match the serdes of its source. Correct the serdes, or send such records to the dead-letter topic.',
  GROUP_INSTANCE_FENCED: 'Two processes use the same group instance id. Give each its own state folder, or stop one.',
  GROUP_MEMBER_DATA: 'Give each application its own group id. Finish a rolling upgrade before you start the next.',
  GROUP_POLL_INTERVAL:
    'Shorten the work for the named record, for example with mapAsync, or raise maxPollIntervalMs. The member joins again by itself.',
  GROUP_STALE_GENERATION:
    'Nothing to do: the group has a new generation and the member joins again. If this repeats, raise the session timeout.',
  HANDLER_FAILED: 'Correct the named handler or listener. It threw an error or returned an invalid value.',
  KAFKA_START_FAILED: 'Read the named broker log. If another broker uses the data folder, stop it.',
  KAFKA_UNAVAILABLE: 'Install Java 17 and Maven, start Docker, or set KAFKA_BROKERS to a running broker.',
  PARTITION_INVALID: 'Correct the partitioner: it must return a partition of the topic, or null.',
  PORT_IN_USE: 'Choose another port, or stop the program that uses this one.',
  PROCESSOR_KEY_CHANGED: 'Use `process` if the key changes; `processValues` must keep it.',
  PROCESSOR_LATE: 'Call forward before `process` returns. Use processAsync for asynchronous work.',
  PROCESSOR_SHARED: 'Create a new processor in every call of the supplier. Otherwise tasks would share its state.',
  PROCESSOR_TIMER_INVALID:
    'Schedule a whole number of milliseconds. Inside `onTimer` it must be after the time of the timer that fires. Give `takeDue` a number.',
  PROCESSOR_TIMER_NOT_HANDLED: 'Give the processor an `onTimer`, or remove the timer store from its `stores`.',
  PROCESSOR_TIMER_TIME_MISMATCH:
    "Take timers with `takeDue` from a store with `time: 'processorTime'`. With another time, `onTimer` gets them.",
  PROCESS_FAILED:
    'User code of the named node threw the error in `cause`. Correct the code, or set onProcessingError to skip or deadLetter.',
  PROCESS_RETRY: 'Nothing to do: the processing handler asked for a retry, and the task goes back to its last commit.',
  PROTOCOL_BATCH_INVALID: 'The record batch is damaged. Read the partition from another replica, or restore the log.',
  PROTOCOL_COMPRESSION_FAILED: 'The compressed data is damaged. Read the partition from another replica.',
  PROTOCOL_COMPRESSION_UNSUPPORTED: 'Use a supported codec. zstd needs Node >= 22.15.',
  PROTOCOL_CRC_MISMATCH: 'The batch changed on disk or in the network. Read the partition from another replica.',
  PROTOCOL_INVALID: 'The peer sent bytes that are not a valid message. Check that it speaks Kafka, and its version.',
  PROTOCOL_MAGIC_UNSUPPORTED: 'Only record format 2 (Kafka >= 0.11) is supported. Upgrade the topic or its producers.',
  PROTOCOL_TOO_LARGE: 'Raise the size limit, or send smaller batches.',
  PROTOCOL_TRUNCATED: 'The message is incomplete. Check the connection and the peer.',
  PROTOCOL_VALUE_INVALID: 'Correct the named value. It does not match the message version.',
  PROTOCOL_VERSION_UNSUPPORTED: 'Use a version that both sides support.',
  QUERY_POSITION_BEHIND: 'Query again a little later, or query the instance that runs the named partition.',
  QUERY_STORE_KIND: 'Query the store with the method of its kind.',
  QUERY_STORE_NOT_READY:
    'Query again when the instance is running (`state`, `onStateChange`). Its stores are being restored.',
  QUERY_STORE_UNKNOWN: 'Query a store of the topology. A table has a store if you name it or if an operator needs it.',
  RECORD_REJECTED: 'See its cause: correct the record, create the topic, or let `onProductionError` skip the record.',
  RECORD_TIMESTAMP_INVALID:
    'Correct the producer or the timestamp extractor. A timestamp is a whole number of milliseconds from 0 to 2^53 - 1.',
  RECORD_TOO_LARGE:
    "Raise the topic's max.message.bytes and the option maxRecordBytes, or set onProductionError to skip or deadLetter.",
  SERDE_BYTES_INVALID:
    'This serde did not write these bytes. Check the serde of the topic, or send the record to the dead-letter topic.',
  SERDE_REGISTRY_MISSING: 'Install @kafkajs/confluent-schema-registry, or pass your own registry.',
  SERDE_REGISTRY_REJECTED:
    'Correct the credentials for the schema registry, or grant them the right to read its schemas.',
  SERDE_REGISTRY_UNAVAILABLE:
    'Check that the schema registry answers. Reading the record is retried for `taskTimeoutMs`, or forever if that is 0.',
  SERDE_SCHEMA_INVALID:
    'Correct the named Avro schema: it is invalid or cannot be resolved. Send records with such a schema to the dead-letter topic.',
  SERDE_SCHEMA_UNKNOWN: "Add the schema of the record to the serde's `readable` schemas, or register it.",
  SERDE_VALUE_INVALID: 'The value does not match the serde. Correct the code that makes the value, or the serde.',
  SERIALIZE_FAILED:
    'The key or the value does not match the serde of the named sink. Correct the code that makes it, or the serde.',
  STATE_CLOSED: 'Do not use a store after its task has closed.',
  STATE_COMMIT_IN_FLIGHT: 'Report the outcome of a commit before you start the next one.',
  STATE_DAMAGED:
    'Nothing to do: the state is set aside and rebuilt from its changelog. If this repeats, check the disk.',
  STATE_DISK_FULL: 'Free space on the disk of the state folder. The write is retried until `taskTimeoutMs`.',
  STATE_ENGINE_MISSING:
    'Install @nxtedition/rocksdb next to millrace, on linux-x64 with glibc or darwin-arm64. On other platforms use stateEngine "level".',
  STATE_FILE_LIMIT: 'Raise the number of files that the process may open (ulimit -n), or run more instances.',
  STATE_LAYOUT_UNSUPPORTED:
    'Nothing to do: the state is set aside and rebuilt from its changelog in the format of this version.',
  STATE_LOCKED: 'Stop the other process that uses this state folder, or choose another folder.',
  STATE_NOT_INDEXED: 'Declare the store with `timeIndexed` to scan it by time.',
  STATE_NOT_ORDERED: 'Declare the store with `ordered: true` to iterate over its keys.',
  STATE_READ_ONLY: 'A global or read-only store cannot be written. Write to its topic instead.',
  STATE_STORE_UNKNOWN: 'Use a store of this task. The topology description lists them.',
  STATE_UNWRITABLE: 'Make the state folder writable, and check that its disk has space left.',
  STREAMS_APPLICATION_SHUTDOWN:
    'Find out why another instance requested the shutdown, correct that, and start the application again.',
  STREAMS_COMMIT_REJECTED: 'Read the cause. The broker rejects every transaction of this application.',
  STREAMS_INTERNAL_TOPIC_CHANGED:
    'Use a new application id to process the input again, or start again with the remaining data. Find out who changed the topic.',
  STREAMS_INTERNAL_TOPIC_MISMATCH: 'Use a new application id, or delete the internal topic and the local state.',
  STREAMS_NO_COMMITTED_OFFSET: 'Commit an offset for the group, or set offsetReset to earliest or latest.',
  STREAMS_RESTORE_OVERTAKEN:
    'Nothing to do while the restore is retried. If it stops, raise delete.retention.ms of the changelog above the time a restore takes.',
  STREAMS_SOURCE_TOPIC_CHANGED:
    'If the topic is missing, create it, then start again. Use a new application id if you do not want to keep the old state.',
  STREAMS_STATE: 'Check the state in the message: an instance can be started once and closed once.',
  STREAMS_TASK_TIMEOUT: 'Check the brokers; see the cause. Raise `taskTimeoutMs`, or set it to 0 to wait forever.',
  SUPPRESS_BUFFER_FULL: 'Raise maxRecords or maxBytes of the suppression, or let it emit early if the buffer is full.',
  TASK_METADATA_TOO_LARGE:
    'Split the topology: one sub-topology has more operator times than fit in the metadata of committed offsets.',
  TASK_PARTITION_UNKNOWN: 'This is a defect in Millrace. Report it with the named task and partition.',
  TEST_TOPIC_EMPTY: 'Read only records that were written. `queueSize` is the number of records that were not read yet.',
  TEST_TOPIC_UNKNOWN: 'Create test topics only for topics that the topology reads or writes.',
  TOPIC_NAME_INVALID:
    "Correct the sink's function: it must return 1 to 249 letters, digits, dots, dashes and underscores.",
  TOPOLOGY_CHILD_UNKNOWN: 'Forward to the name of a child node, or connect that node.',
  TOPOLOGY_CYCLE: 'A node cannot be its own ancestor. Use a topic instead.',
  TOPOLOGY_EMPTY: 'Add at least one source.',
  TOPOLOGY_FUNCTION_ASYNC: 'This operator does not wait for promises. Use mapAsync, mapValuesAsync or processAsync.',
  TOPOLOGY_FUNCTION_MISSING: 'Pass the named function, or remove the operator.',
  TOPOLOGY_GLOBAL_PROCESSOR:
    'The processor of a global or read-only store can only fill the store. Use another processor for other work.',
  TOPOLOGY_INPUT_INVALID:
    'Combine streams and tables of the same StreamsBuilder, of the kinds that the operator takes.',
  TOPOLOGY_NAME_DUPLICATE: 'Give every node and store its own name.',
  TOPOLOGY_NAME_GENERATED: 'Name the store or the operator: `store: { name }` and `name` in its options.',
  TOPOLOGY_NAME_INVALID: 'Use letters, digits, dot, dash and underscore, at most 249 characters.',
  TOPOLOGY_NOT_COPARTITIONED: 'Give the topics of a join the same number of partitions, or repartition one side.',
  TOPOLOGY_NOT_WINDOWED: 'Suppress a windowed table, or use untilTimeLimit.',
  TOPOLOGY_PARENT_UNKNOWN: 'Add the parent node first, with the name used here.',
  TOPOLOGY_PARTITIONS_UNKNOWN: 'Create the source topics first, or give the repartition an explicit `partitions`.',
  TOPOLOGY_RETENTION_TOO_SHORT: "Raise the store's retentionMs to at least the named value, or omit it.",
  TOPOLOGY_SERDE_MISSING: 'Pass the named serde: `key` or `value` in the options of the operator.',
  TOPOLOGY_SOURCE_CONFLICT: 'Read a topic with one source: build both branches from the same stream or table.',
  TOPOLOGY_STORE_UNKNOWN: 'Add the store to the topology and connect it to the node.',
  TOPOLOGY_TABLE_NOT_VERSIONED: 'Give the table a store with `versioned`, or remove graceMs from the join.',
  TOPOLOGY_TIMERS_SHARED: 'Declare a timer store for each processor, and do not connect one to a transformer.',
  TOPOLOGY_VERSIONED: 'Suppress a table that is not versioned, or a result computed from it by an aggregation or join.',
  TRANSPORT_AUTHENTICATION: 'Correct the SASL mechanism and credentials.',
  TRANSPORT_CLOSED: 'Send the request again if it is safe to repeat it. If this continues, check the broker.',
  TRANSPORT_TIMEOUT: 'Send the request again if it is safe to repeat it. Check the load of the broker and the network.',
  TRANSPORT_TLS: 'Check the certificates, and whether the port speaks TLS.',
  TRANSPORT_UNREACHABLE: 'Check the address, the network, and whether the broker runs.',
  WINDOW_INVALID: 'Correct the named window option.',
} as const

/** A code of {@link ERROR_CODES}. It does not change between versions. */
export type ErrorCode = keyof typeof ERROR_CODES

/** What an error concerns, and whether it may pass. */
export type ErrorKind =
  /** The same call may succeed later without a change by the user. */
  | 'passing'
  /** Permanent, for the named record. */
  | 'record'
  /** Permanent, for the named partition or task; others continue. */
  | 'task'
  /** Permanent, until the user changes something. */
  | 'instance'

/** Where an error happened. All fields optional; never a payload. */
export interface ErrorDetails {
  readonly topic?: string
  readonly partition?: number
  readonly offset?: number
  readonly taskId?: string
  readonly node?: string
  /** If a sink could not serialise a record: its key or its value. */
  readonly part?: 'key' | 'value'
  /** If a record is retried: the number of the failed attempt, from 1. */
  readonly attempt?: number
  /** Kafka's numeric error code, if a broker returned one. */
  readonly kafkaCode?: number
  /** Short for the kind `passing`. */
  readonly retriable?: boolean
  /** Default: `passing` if `retriable`, otherwise `instance`. */
  readonly kind?: ErrorKind
  /** The error before it. */
  readonly cause?: unknown
}

/** Every error of Millrace. Match on `code`, not on the message. It never contains a record's key or value. */
export class MillraceError extends Error {
  /** What happened; see {@link ERROR_CODES} and docs/errors.md. */
  readonly code: ErrorCode
  /** What it concerns. */
  readonly kind: ErrorKind
  /** True for the kind `passing`. */
  readonly retriable: boolean
  // Declared only: a field that is not known does not exist, so that it is not printed either.
  declare readonly topic?: string
  declare readonly partition?: number
  declare readonly offset?: number
  declare readonly taskId?: string
  declare readonly node?: string
  /** Of a record that could not be serialised: its key or its value. */
  declare readonly part?: 'key' | 'value'
  /** Of a record that is retried: the attempt that failed, from 1. */
  declare readonly attempt?: number
  /** Kafka's error code, if a broker answered with one. */
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

/** Whether `error` is a {@link MillraceError} with one of `codes`; without codes, whether it is one at all. */
export function isMillraceError(error: unknown, ...codes: ErrorCode[]): error is MillraceError {
  return error instanceof MillraceError && (codes.length === 0 || codes.includes(error.code))
}

/** Codes that say only where the application's own code threw: what it threw is the reason. */
const THROWN_CODES: readonly string[] = ['PROCESS_FAILED', 'HANDLER_FAILED']

/**
 * The error as one line, `CODE: message`, as the commands of Millrace print it. An error without a code begins with its name. If
 * the application's own code threw, the line ends with what it threw.
 */
export function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code } = error as { readonly code?: unknown }
  if (typeof code !== 'string' || !/^[A-Z]+(_[A-Z]+)+$/.test(code)) return `${error.name}: ${error.message}`
  // `parseArgs` of node:util throws these for an unknown flag or a missing value.
  if (code.startsWith('ERR_PARSE_ARGS')) return `CONFIG_INVALID: ${error.message.split('. To specify')[0]}`
  if (code.startsWith('ERR_')) return `${error.name}: ${error.message}`
  const line = `${code}: ${error.message}`
  if (!THROWN_CODES.includes(code) || error.cause === undefined) return line
  return `${line} It threw ${errorLine(error.cause)}`
}
