/** The options of the personalization service. */
import type { Clock, Connection, Log } from '../index.js'
import type { ServiceConfig } from './config/service-config.js'
import type { AdmissionOptions } from './gate/admission.js'
import type { Speed } from './input/loader/feed.js'
import type { LoaderInput } from './input/loader/input-files.js'
import type { ModelOptions } from './recommender/model.js'

/** Options of {@link PersonalizationService.open}. */
export interface ServiceOptions {
  /** Kafka, or an embedded broker of this process. */
  readonly connection: Connection
  /** As in the option of the same name. */
  readonly applicationId: string
  /** Put before the name of each topic; may be empty. */
  readonly topicPrefix: string
  /** Partitions of the topics that are created. Null: as many as the existing topics have, or 12. */
  readonly partitions: number | null
  /** Folder for local state; null: in memory. */
  readonly stateDir: string | null
  /** URL of a schema registry; null: Avro's single-object encoding. */
  readonly registry: string | null
  /**
   * 32 random bytes as base64 or hex. With it, values about users are sealed with a key of each user, and an erased user can be read by
   * nobody. Null, the default: they are plain.
   */
  readonly masterKey?: string | null
  /** Limits of the gate. Default: {@link DEFAULT_GATE}. */
  readonly gate?: AdmissionOptions
  /** Settings of the decisions and of the rules around them: `defaultConfig`, or what `loadConfig` returns. */
  readonly config?: ServiceConfig
  /** Parameters of the recommender. */
  readonly model?: ModelOptions
  /** The input to load; null: other instances load it. */
  readonly input: LoaderInput | null
  /** How fast the input is replayed: a factor of real time, or `'max'`. */
  readonly speed: Speed
  /** Identity of this instance among loaders; the same after a restart. */
  readonly instanceId: string
  readonly clock?: Clock
  readonly log?: Log
}
