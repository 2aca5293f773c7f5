/** Options of the test driver. */
import type { FailureHandler, ProcessingFailureHandler } from '../../record/failure.js'
import type { AppConfigs } from '../../topology/processor.js'

/** Options of {@link TopologyTestDriver}. */
export interface TopologyTestDriverOptions {
  /** Prefix of repartition and changelog topics. Default `test`. */
  readonly applicationId?: string
  /** Existing topics that the patterns of the topology can match. Default: none. */
  readonly topics?: readonly string[]
  /** What `context.appConfigs` contains, besides the application id. */
  readonly appConfigs?: AppConfigs
  /** The wall clock at the start, milliseconds since the epoch. Default 0. */
  readonly startMs?: number
  /** Record cache of each task, in bytes. Default 10 MiB; 0 forwards every update at once. */
  readonly cacheBytes?: number
  /** Decides about a record that cannot be deserialised. Default `fail`: `pipe` throws the error. */
  readonly onDeserializationError?: FailureHandler
  /** Decides about a record for which user code throws. Default `fail`: `pipe` throws the error. */
  readonly onProcessingError?: ProcessingFailureHandler
  /** Whether `onProcessingError` also decides about processors that fill global stores. Default false. */
  readonly handleGlobalErrors?: boolean
  /** Decides about a record that a sink cannot serialise or that is too large. Default `fail`: `pipe` throws the error. */
  readonly onProductionError?: FailureHandler
  /** Maximum size of a record that a sink writes, in bytes. Default 1048487, as in production. */
  readonly maxRecordBytes?: number
  /** The topic for dead letters. Default: none. */
  readonly deadLetterTopic?: string
  /** As the option of the same name; `advanceWallClockTime` moves the clock. Default 0. */
  readonly idleTimeoutMs?: number
}

export const DRIVER_OPTIONS = [
  'applicationId',
  'topics',
  'appConfigs',
  'startMs',
  'cacheBytes',
  'onDeserializationError',
  'onProcessingError',
  'handleGlobalErrors',
  'onProductionError',
  'maxRecordBytes',
  'deadLetterTopic',
  'idleTimeoutMs',
]

/** With the defaults of those that are always needed. */
export type DriverOptions = Required<Pick<TopologyTestDriverOptions, 'applicationId' | 'cacheBytes'>> &
  TopologyTestDriverOptions
