/** The registry of doors: one row for each way into the service and out of it. */
import { ackDoor } from './ack.js'
import { campaignsDoor } from './campaigns.js'
import { cloudEventsDoor } from './cloud-events.js'
import type { Door } from './door.js'
import { erasuresDoor } from './erasures.js'
import { eventsDoor } from './events.js'
import { activityDoor } from './http-activity.js'
import { loginDoor } from './login.js'
import { ofrepDoor } from './ofrep/ofrep-api.js'
import { pageDoor } from './page-files.js'
import { sdkDoor } from './sdk-file.js'
import { segmentDoor } from './segment/segment-api.js'
import { statusDoor } from './status.js'
import { tracesDoor } from './traces.js'
import { webhooksDoor } from './webhooks/operators.js'
import { liveDoor } from './websocket.js'

export const DOORS: readonly Door[] = [
  pageDoor,
  sdkDoor,
  statusDoor,
  loginDoor,
  activityDoor,
  segmentDoor,
  cloudEventsDoor,
  liveDoor,
  eventsDoor,
  ackDoor,
  ofrepDoor,
  tracesDoor,
  webhooksDoor,
  erasuresDoor,
  campaignsDoor,
]

/** What stands in place of a door if a request has come to none. */
export const SERVER: Pick<Door, 'name' | 'errors'> = {
  name: 'server',
  errors: ['HEADERS_TOO_LARGE', 'REQUEST_MALFORMED', 'REQUEST_TIMEOUT', 'ROUTE_UNKNOWN'],
}
