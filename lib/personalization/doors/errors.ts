/** The errors that clients get from the doors: code, HTTP status, what to do. `docs/doors.md` lists them; a test provokes each. */

interface DoorErrorRow {
  readonly status: number
  /** One sentence or two for the caller. */
  readonly whatToDo: string
}

/** Code → status and what the caller should do. Sorted; a test checks the order. */
export const DOOR_ERRORS = {
  ADMIN_TOKEN_INVALID: {
    status: 401,
    whatToDo:
      'Send `authorization: Bearer TOKEN` with the token that MILLRACE_ADMIN_TOKEN has. Without one these routes are closed.',
  },
  BROKER_UNAVAILABLE: {
    status: 503,
    whatToDo: 'Send the same request with the same event ids again after `retry-after` seconds. An event counts once.',
  },
  CAMPAIGN_UNKNOWN: {
    status: 404,
    whatToDo: 'Use the id of a campaign that `GET /campaigns` lists.',
  },
  CONNECTIONS_EXCEEDED: {
    status: 429,
    whatToDo: 'Close a connection, or connect again after `retry-after` seconds.',
  },
  DECISION_UNKNOWN: {
    status: 404,
    whatToDo:
      'Send the id of a decision that was delivered or suppressed. One that waits, was deleted by retention, or is about an erased user is unknown.',
  },
  DEMO_CLOSED: {
    status: 403,
    whatToDo: 'Start the service with `--demo-login`, or write the campaign as an operator: `PUT /campaigns/ID`.',
  },
  EXPERIMENT_UNKNOWN: {
    status: 404,
    whatToDo: 'Use the name of an experiment as the key. docs/doors.md lists them.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    whatToDo: 'Send smaller headers, cookies included, or raise the limit with `--max-headers`.',
  },
  LOGIN_CLOSED: {
    status: 403,
    whatToDo:
      'Get the ticket from the site: it makes one with `userTicket`, or logs visitors in with `authenticate`. For a demonstration start the service with `--demo-login`.',
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    whatToDo:
      'Start the service with `--origin` and the origin of your page, for example `--origin https://shop.example`.',
  },
  REQUEST_MALFORMED: {
    status: 400,
    whatToDo: 'Correct the request. The message says what is wrong. Do not send it again unchanged.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    whatToDo: 'Send the whole request faster, or in smaller parts.',
  },
  REQUEST_TOO_FREQUENT: {
    status: 429,
    whatToDo: 'Send the request again after `retry-after` seconds, or raise the limit with the flag in the message.',
  },
  REQUEST_TOO_LARGE: {
    status: 413,
    whatToDo: 'Send less in one request, or raise the limit: docs/doors.md lists the limits and their flags.',
  },
  REQUEST_TYPE_UNSUPPORTED: {
    status: 415,
    whatToDo: 'Set `content-type` to one that docs/doors.md lists for this route.',
  },
  ROUTE_UNKNOWN: {
    status: 404,
    whatToDo: 'Correct the path and the method. docs/doors.md lists the routes.',
  },
  SERVER_FAILED: {
    status: 500,
    whatToDo: 'Send the request again later. The log of the service has the cause.',
  },
  TICKET_INVALID: {
    status: 401,
    whatToDo: 'Get a new ticket. A ticket of `POST /tickets` is valid for 30 seconds and for one connection.',
  },
  TICKET_MISSING: {
    status: 401,
    whatToDo:
      'Send `authorization: Bearer TICKET`, or `?ticket=TICKET` if a browser opens a connection. docs/doors.md says how to get a ticket.',
  },
  USER_NOT_ALLOWED: {
    status: 403,
    whatToDo: 'Use a ticket of the same user that the request names.',
  },
  WEBHOOK_UNKNOWN: {
    status: 404,
    whatToDo: 'Use the name of a webhook in the configuration. `GET /webhooks` lists them.',
  },
  WRITE_KEY_INVALID: {
    status: 401,
    whatToDo:
      'Send one of the write keys, those in MILLRACE_WRITE_KEYS and of `--write-key`, as the user name of Basic auth.',
  },
} as const satisfies Readonly<Record<string, DoorErrorRow>>

/** A code of {@link DOOR_ERRORS}. It does not change between versions. */
export type DoorErrorCode = keyof typeof DOOR_ERRORS

/** How a {@link DoorError} is answered beyond its code. */
export interface DoorErrorDetails {
  /** Becomes the header `retry-after`. Codes with status 429 and 503 have one second by default. */
  readonly retryAfterSeconds?: number
  /** Fields that the answer has besides the three of each error, for protocols that want their own. */
  readonly also?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** Thrown by a door; its client gets the status, `error`, `message` and `whatToDo`. The message has no payload in it. */
export class DoorError extends Error {
  readonly code: DoorErrorCode
  readonly details: DoorErrorDetails

  constructor(code: DoorErrorCode, message: string, details: DoorErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'DoorError'
    this.code = code
    this.details = details
  }
}
