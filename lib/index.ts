/** The public API of Millrace, every export by name. */

export type { Broker } from './broker/broker.js'
export type { BrokerConnection } from './broker/connection.js'
export type { ListenOptions } from './broker/tcp.js'
export type { ConfigValues } from './broker/topic-config.js'
export { Admin, type NewTopic } from './client/admin.js'
export type { Cluster } from './client/cluster.js'
export type { CommitOutcome, Committed, GroupIdentity, OffsetToCommit } from './client/commit.js'
export {
  type ClientOptions,
  type ClientPorts,
  type Connection,
  type ConnectionOptions,
  connect,
} from './client/connect.js'
export type { Isolation } from './client/fetch-request.js'
export type { CommittedOffset } from './client/group-offsets.js'
export type { FoundOffset, OffsetSpec } from './client/list-offsets.js'
export type { TopicInfo } from './client/metadata.js'
export type { ProducerRecord } from './client/producer/encode-record.js'
export type { OutgoingRecord } from './client/producer/outgoing-record.js'
export type { Acknowledgement } from './client/producer/partition-outbox.js'
export { Producer, type ProducerCloseOptions, type ProducerOptions } from './client/producer/plain-producer.js'
export {
  TransactionalProducer,
  type TransactionalProducerOptions,
} from './client/producer/transactional-producer.js'
export { readAll, readTopic } from './client/reader.js'
export type { ReadChunk, ReaderOptions, ReadOptions } from './client/reader-options.js'
export type { TopicConfigEntry } from './client/topic-admin.js'
export { untilStable } from './client/until-stable.js'
// Running them
export type { ProcessingGuarantee, StreamsConfig, StreamsOptions } from './config.js'
// Reading and writing topics beside a topology
// Topologies
export { CogroupedStream, SessionWindowedCogroupedStream, WindowedCogroupedStream } from './dsl/cogrouped-stream.js'
export { GlobalKTable } from './dsl/global-table.js'
export { type AggregateOptions, type CountOptions, GroupedStream, type ReduceArgument } from './dsl/grouped-stream.js'
export { GroupedTable, type TableAggregateOptions } from './dsl/grouped-table.js'
export type {
  BothText,
  GroupHint,
  KeyText,
  SameKeys,
  SerdeHint,
  Serdes,
  StoreHint,
  StreamJoinHint,
  ValueText,
} from './dsl/hints.js'
export type { AggregateStore } from './dsl/plan/aggregation.js'
export type { BuildOptions } from './dsl/plan/build.js'
export type { CogroupOptions } from './dsl/plan/cogroup.js'
export type { ForeignKeyJoin, OtherValue } from './dsl/plan/foreign-key-join.js'
export type { Named } from './dsl/plan/handle.js'
export type { Optimization } from './dsl/plan/optimize.js'
export type { PrintSettings } from './dsl/plan/print.js'
export type {
  After,
  Identical,
  KeyGiven,
  KeyOption,
  KeyOptional,
  NotNull,
  NullOf,
  SerdeState,
  ValueGiven,
  ValueOption,
  ValueOptional,
  WriteArgument,
} from './dsl/plan/serde-state.js'
export type {
  SourceSettings,
  TableSourceSettings,
  TopicSourceSettings,
  TopicTableSettings,
} from './dsl/plan/sources.js'
export type { InheritedStore, Materialized, OwnSerde, StoreSettings } from './dsl/plan/store-options.js'
export type { GlobalJoin, TableJoin } from './dsl/plan/stream-joins.js'
export type { AsyncSettings, ProcessSettings } from './dsl/plan/stream-operators.js'
export type { StreamJoin, StreamJoinStores } from './dsl/plan/stream-stream-join.js'
export type { RepartitionSettings, SinkSettings } from './dsl/plan/stream-topics.js'
export { type BufferLimits, type Suppressed, untilTimeLimit, untilWindowCloses } from './dsl/plan/suppressed.js'
export type { TableTableJoin } from './dsl/plan/table-joins.js'
export type { SuppressOptions } from './dsl/plan/table-suppress.js'
export type { WindowTime } from './dsl/plan/window-plan.js'
export { type SessionAggregateOptions, SessionWindowedStream } from './dsl/session-windowed-stream.js'
export type { Branches, BranchName, BranchSettings, SplitStream } from './dsl/split-stream.js'
export { type Both, type GroupArgument, KStream } from './dsl/stream.js'
export {
  type GlobalStoreSettings,
  StreamsBuilder,
  type StreamsBuilderOptions,
  type TopicGlobalStoreSettings,
} from './dsl/streams-builder.js'
export { KTable, type TableSettings, type TransformSettings } from './dsl/table.js'
export { WindowedStream } from './dsl/windowed-stream.js'
export { type EmbeddedBrokerOptions, embeddedBroker } from './embedded-broker.js'
export {
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type ErrorKind,
  errorLine,
  isMillraceError,
  MillraceError,
} from './errors.js'
export { type DeclaredKind, type PortOf, type Ports, stateStore } from './operators/state-store.js'
export type { Compression } from './protocol/batch/compression.js'
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
export type { Health, HealthFacts } from './runtime/health.js'
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
export type { AvroLongs } from './serde/avro/exact-types.js'
export { type ConfluentRegistryOptions, confluentRegistry, type SchemaRegistry } from './serde/avro/schema-registry.js'
export { type JsonOptions, json } from './serde/json.js'
export { bigint64, bytes, float64, int32, int64, string } from './serde/primitive.js'
export { SchemaPending, type Serde } from './serde/serde.js'
export { type Topic, type TopicSerdes, topic } from './serde/topic.js'
export { sessionWindowed, timeWindowed } from './serde/windowed.js'
export type { KeyBounds } from './state/committed/key-bounds.js'
export type { HistoryOptions } from './state/committed/versions.js'
export type { ScanOptions } from './state/committed/view.js'
export type { EngineWrite, KeyRange, StateEngine, StateEngines } from './state/engine/engine.js'
export type { EngineName } from './state/engine/index.js'
export type {
  OrderedKeyValueStore,
  OrderedSessionStore,
  OrderedWindowStore,
  Row,
  SessionRow,
  WindowRow,
} from './state/ports/ordered.js'
export type {
  CachedStore,
  FlushListener,
  HeadersKeyValueStore,
  KeyValueStore,
  Session,
  SessionStore,
  StoreBase,
  ValueAndTimestamp,
  ValueTimestampHeaders,
  WindowEntry,
  WindowStore,
} from './state/ports/store.js'
export type { DueTimer, TimerStore } from './state/ports/timer-store.js'
export type { Version, VersionedPut, VersionedStore } from './state/ports/versioned.js'
export type { StoreKind } from './state/stores/index.js'
export { Streams, type StreamsSettings } from './streams.js'
export type { UncommittedPartition } from './task/task-commit.js'
export { type Log, silentLog } from './telemetry/log.js'
export type { EmitStrategy } from './topology/aggregate-nodes.js'
export type { AsyncAttempt, AsyncHandler } from './topology/async-node.js'
export { TopologyBuilder } from './topology/builder.js'
export type {
  GlobalStoreOptions,
  ProcessorOptions,
  ReadOnlyStoreOptions,
  SinkOptions,
  SourceOptions,
  TopicGlobalStoreOptions,
  TopicReadOnlyStoreOptions,
  TopicSinkOptions,
  TopicSourceOptions,
} from './topology/builder-options.js'
export type { UsedStore } from './topology/declared-stores.js'
export { describe } from './topology/describe.js'
export type { NodeDescription, Setting, StoreDescription, TopologyDescription } from './topology/description.js'
export { diffTopologies } from './topology/diff.js'
export type {
  Next,
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
export type { ProcessorWrapping, WrapOptions, WrapProcessor, WrappableNode } from './topology/processor-wrapper.js'
export type { StoreOptions, TimerStoreOptions, TimerTime } from './topology/store-definition.js'
export type { Topology } from './topology/topology.js'
export type { ChangeKind, TopologyChange } from './topology/topology-change.js'
export { type KafkajsClient, type KafkajsTransportOptions, kafkajsTransport } from './transport/kafkajs.js'
export { kafkajsClient } from './transport/kafkajs-client.js'
export type { LoopbackBroker, LoopbackConnection } from './transport/loopback.js'
export type { PlatformaticTransportOptions, SaslOptions, Secret } from './transport/platformatic.js'
export type { BrokerAddress, Lane, PortableTransport, Transport, WireRequest } from './transport/transport.js'
export {
  hopping,
  type SessionWindows,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
  tumbling,
  type UnlimitedWindows,
  unlimited,
} from './windows/definitions.js'
export { type JoinWindow, joinWindow } from './windows/join-window.js'
export type { Window, Windowed } from './windows/window.js'
