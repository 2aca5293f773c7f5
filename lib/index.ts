/** The public API of Millrace, every export by name. */

export { Admin, type NewTopic } from './client/admin.js'
export type { Cluster } from './client/cluster.js'
export type { CommitOutcome, GroupIdentity, OffsetToCommit } from './client/commit.js'
export type { Acknowledgement } from './client/producer/partition-outbox.js'
export { Producer, type ProducerCloseOptions, type ProducerOptions } from './client/producer/producer.js'
export type { ProducerRecord } from './client/producer/topic-intake.js'
export {
  type OutgoingRecord,
  TransactionalProducer,
  type TransactionalProducerOptions,
} from './client/producer/transactional-producer.js'
export { type ReadChunk, type ReaderOptions, readAll, readTopic } from './client/reader.js'
export { untilStable } from './client/until-stable.js'
// Running them
export type { StreamsConfig, StreamsOptions } from './config.js'
// Reading and writing topics beside a topology
export { type ConnectionOptions, connect } from './connect.js'
// Topologies
export { CogroupedStream, SessionWindowedCogroupedStream, WindowedCogroupedStream } from './dsl/cogrouped-stream.js'
export { GlobalKTable } from './dsl/global-table.js'
export { GroupedStream } from './dsl/grouped-stream.js'
export { GroupedTable } from './dsl/grouped-table.js'
export type { BuildOptions } from './dsl/plan/build.js'
export type { ForeignKeyJoin } from './dsl/plan/foreign-key-join.js'
export type { Optimization } from './dsl/plan/optimize.js'
export type { PrintSettings } from './dsl/plan/print.js'
export type { AsyncSettings } from './dsl/plan/stream-operators.js'
export { type BufferLimits, type Suppressed, untilTimeLimit, untilWindowCloses } from './dsl/plan/suppressed.js'
export { SessionWindowedStream } from './dsl/session-windowed-stream.js'
export { KStream } from './dsl/stream.js'
export { StreamsBuilder, type StreamsBuilderOptions } from './dsl/streams-builder.js'
export { KTable } from './dsl/table.js'
export { WindowedStream } from './dsl/windowed-stream.js'
export { type EmbeddedBrokerOptions, embeddedBroker } from './embedded-broker.js'
export { ERROR_CODES, type ErrorCode, isMillraceError, MillraceError } from './errors.js'
export { stateStore } from './operators/state-store.js'
export { type Cancel, type Clock, delay, systemClock } from './record/clock.js'
export type {
  FailedRecord,
  FailureHandler,
  FailurePolicy,
  ProcessingFailureHandler,
  RecordFailure,
  UncaughtAnswer,
  UncaughtHandler,
} from './record/failure.js'
export type { OffsetReset } from './record/offset-reset.js'
export { partitionForKey } from './record/partitioner.js'
export { type Random, seededRandom, systemRandom } from './record/random.js'
export {
  formatTopicPartition,
  type Header,
  type Headers,
  NO_HEADERS,
  type StreamRecord,
  type TopicPartition,
  type TopicRecord,
} from './record/record.js'
export type { CloseOptions, CloseReport } from './runtime/close-report.js'
export type { CommittedInfo, CommittedListener } from './runtime/commit/committed-records.js'
export type { Health } from './runtime/health.js'
export type { InstanceState } from './runtime/lifecycle.js'
export type {
  Queries,
  QueryableKeyValueStore,
  QueryableSessionStore,
  QueryableVersionedStore,
  QueryableWindowStore,
} from './runtime/queries/queries.js'
export type { Position, QueryOptions, StoreMetadata } from './runtime/queries/query-bound.js'
export type { RestoreListener, StoreRestore } from './runtime/restore/listener.js'
// Keys and values
export { type AvroOptions, avro } from './serde/avro/avro.js'
export type { AvroSchema } from './serde/avro/avro-schema.js'
export { type ConfluentAvroOptions, confluentAvro } from './serde/avro/confluent-avro.js'
export { type ConfluentRegistryOptions, confluentRegistry, type SchemaRegistry } from './serde/avro/schema-registry.js'
export { type JsonOptions, json } from './serde/json.js'
export { bigint64, bytes, float64, int32, int64, string } from './serde/primitive.js'
export { SchemaPending, type Serde } from './serde/serde.js'
export { type Topic, type TopicSerdes, topic } from './serde/topic.js'
export { sessionWindowed, timeWindowed } from './serde/windowed.js'
export type { KeyBounds } from './state/committed/key-bounds.js'
export type { HistoryOptions } from './state/committed/versions.js'
export type { ScanOptions } from './state/committed/view.js'
export type {
  OrderedKeyValueStore,
  OrderedSessionStore,
  OrderedWindowStore,
  Row,
  SessionRow,
  WindowRow,
} from './state/ports/ordered.js'
export type {
  HeadersKeyValueStore,
  KeyValueStore,
  Session,
  SessionStore,
  ValueAndTimestamp,
  ValueTimestampHeaders,
  WindowEntry,
  WindowStore,
} from './state/ports/store.js'
export type { TimerStore } from './state/ports/timer-store.js'
export type { Version, VersionedPut, VersionedStore } from './state/ports/versioned.js'
export { Streams, type StreamsSettings } from './streams.js'
export { type Log, silentLog } from './telemetry/log.js'
export type { AsyncAttempt, AsyncHandler } from './topology/async-node.js'
export { TopologyBuilder } from './topology/builder.js'
export type { UsedStore } from './topology/declared-stores.js'
export { describe } from './topology/describe.js'
export type { TopologyDescription } from './topology/description.js'
export { diffTopologies } from './topology/diff.js'
export type {
  OutgoingContext,
  Partitioner,
  ProcessorWrap,
  TimestampExtractor,
  TopicNameExtractor,
} from './topology/node-base.js'
export {
  type AppConfigs,
  type ForwardedRecord,
  type Processor,
  type ProcessorContext,
  type ProcessorSupplier,
  type PunctuationType,
  type RecordMetadata,
  type StoreReference,
  type TransformContext,
  type ValueTransformer,
  type ValueTransformerSupplier,
  withChanges,
} from './topology/processor.js'
export type { ProcessorWrapping, WrapProcessor, WrappableNode } from './topology/processor-wrapper.js'
export type { StoreOptions } from './topology/store-definition.js'
export type { Topology } from './topology/topology.js'
export type { TopologyChange } from './topology/topology-change.js'
export { type KafkajsClient, kafkajsTransport } from './transport/kafkajs.js'
export type { SaslOptions } from './transport/platformatic.js'
export type { Transport } from './transport/transport.js'
export { hopping, session, sliding, tumbling, unlimited } from './windows/definitions.js'
export { type JoinWindow, joinWindow } from './windows/join-window.js'
export type { Window, Windowed } from './windows/window.js'
