/** What a door is: a function that adds its routes to the server, and the context that it gets. */
import type { FastifyInstance } from 'fastify'
import type { Clock, Log, Random } from '../../index.js'
import type { UserActivity } from '../records/activity.js'
import type { LiveFigures } from '../report/live/live.js'
import type { ServicePort } from '../service-port.js'
import type { Access } from './access.js'
import type { DeliveryHub } from './delivery/delivery.js'
import type { DoorErrorCounts } from './error-answers.js'
import type { DoorErrorCode } from './errors.js'
import type { Connections } from './limits/connections.js'
import type { DoorLimits } from './limits/door-limits.js'
import type { Rates } from './limits/rates.js'
import type { SentTimes } from './sent-times.js'
import type { RunningWebhooks } from './webhooks/overview.js'

/** Passes events on to `user-activity`. */
export interface DoorIntake {
  /**
   * Resolves when the broker has the event. `traceparent`: the trace context that the decisions about it keep.
   * @throws DoorError REQUEST_MALFORMED, REQUEST_TOO_LARGE, BROKER_UNAVAILABLE
   */
  submit(activity: UserActivity, traceparent?: string | null): Promise<void>
}

/** What a door may use. */
export interface DoorContext {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly service: ServicePort
  readonly intake: DoorIntake
  /** Who may write, read and connect. */
  readonly access: Access
  readonly limits: DoorLimits
  /** How often keys, users and addresses may come. `access` charges them; a door that writes for many users charges each. */
  readonly rates: Rates
  /** How many connections are open, of each user and address. */
  readonly connections: Connections
  readonly hub: DeliveryHub
  readonly live: LiveFigures
  /** When this instance sent decisions to browsers. */
  readonly sentTimes: SentTimes
  /** Null: none are configured. */
  readonly webhooks: RunningWebhooks | null
  /** How often clients got each error, of all doors. */
  readonly errorCounts: () => DoorErrorCounts
  /** Counts an error that is not the answer to a request: a message on an open connection. */
  readonly countError: (code: DoorErrorCode) => void
}

/** One row of the registry. A door throws a {@link DoorError}; the server answers and counts it. */
export interface Door {
  /** In metrics and in the table of errors. */
  readonly name: string
  /** One sentence for the table of doors. */
  readonly what: string
  /** True if everyone may read it, from any page, as often as they like. */
  readonly isPublic?: boolean
  /** The codes that its clients can get. A test provokes each of them. */
  readonly errors: readonly DoorErrorCode[]
  /** Adds the routes. `server` is a scope of its own: parsers and hooks that are added do not apply to other doors. */
  route(server: FastifyInstance, context: DoorContext): void | Promise<void>
}
