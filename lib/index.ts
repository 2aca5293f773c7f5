/** The public API of Millrace, every export by name. */
export { Admin, type NewTopic } from './client/admin.js'
export type { Cluster } from './client/cluster.js'
export type { CommitOutcome, GroupIdentity, OffsetToCommit } from './client/commit.js'
export { type ReadChunk, type ReaderOptions, readAll, readTopic } from './client/reader.js'
export {
  type OutgoingRecord,
  TransactionalProducer,
  type TransactionalProducerOptions,
} from './client/transactional-producer.js'
export type { StreamsConfig, StreamsOptions } from './config.js'
export { GlobalKTable } from './dsl/global-table.js'
export { KStream } from './dsl/stream.js'
export { StreamsBuilder } from './dsl/streams-builder.js'
export { KTable } from './dsl/table.js'
export { ERROR_CODES, type ErrorCode, isMillraceError, MillraceError } from './errors.js'
export {
  type Header,
  type Headers,
  NO_HEADERS,
  type StreamRecord,
  type TopicPartition,
  type TopicRecord,
} from './record/record.js'
export type { CommittedInfo, CommittedListener } from './runtime/committed-records.js'
export { json } from './serde/json.js'
export * from './serde/primitive.js'
export {
  type ConnectionOptions,
  connect,
  type EmbeddedBrokerOptions,
  embeddedBroker,
  Streams,
  type StreamsSettings,
} from './streams.js'
export { TopologyBuilder } from './topology/builder.js'
export type { Processor, ProcessorContext, ProcessorSupplier } from './topology/processor.js'
export { type KafkajsClient, kafkajsTransport } from './transport/kafkajs.js'
export type { SaslOptions } from './transport/platformatic.js'
export type { Transport } from './transport/transport.js'
