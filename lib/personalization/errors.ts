/** The errors of the service itself. Those of the library beneath it are a `MillraceError`. `docs/errors.md` lists both. */

/** Code → what the reader should do. Sorted; a test checks the order. */
export const SERVICE_ERROR_CODES = {
  ACTIVITY_INVALID: 'Correct the event. The message says what is wrong.',
  CATALOGUE_UNREADABLE: 'Correct the path of --catalogue, or the header of the file. The message says what is wrong.',
  COLUMNS_INVALID:
    'Write --columns as FIELD=COLUMN,... with the names in the message; FIELD:VALUE is one value for all rows.',
  CONFIG_FILE_INVALID:
    'Correct the value that the message names, or omit it. docs/personalization/configuration.md lists all keys.',
  CONFIG_FILE_UNREADABLE: 'Correct the path of --config, or the file. The message says what is wrong.',
  CONFIG_PACKAGES_MISSING: 'Install the named package. It is an optional peer that only configuration files need.',
  DECISION_INVALID: 'Correct the decision or its settings. The message names the decision and the field.',
  ERASURE_USER_INVALID: 'Give the id of a user, or `anonymous:` and the id of a visitor.',
  HTTP_LISTEN_FAILED: 'Choose another address or port, or get the right to listen on this one.',
  INJECT_INVALID: 'Write --inject as shuffle=MS,duplicate=SHARE,late=SHARE:MS, each at most once.',
  INPUT_FORMAT_MISMATCH: 'Set --format, or --columns, to what the file has, or correct the first line of the file.',
  INPUT_FORMAT_UNKNOWN: 'Use one of the formats in the message.',
  INPUT_MISSING: 'Correct the path of --input, and make the file readable.',
  INPUT_ROW_INVALID:
    'Correct or delete the row, or omit --strict: then invalid rows are counted, and the others are loaded.',
  INPUT_UNREADABLE: 'Download the file again, check it with gzip -t, or correct the named row.',
  LOADER_INPUT_CONFLICT:
    'Load one input per topic prefix: choose another --topic-prefix and --application-id, or --no-load.',
  MASTER_KEY_INVALID: 'Make a key with `openssl rand -base64 32`, and give it whole.',
  MASTER_KEY_LATE:
    'Choose another --topic-prefix and --application-id for encrypted data, or start without the master key.',
  MASTER_KEY_MISSING: 'Start with the master key that the data was sealed with.',
  MASTER_KEY_WRONG: 'Start with the master key that the data was sealed with. Nothing was changed.',
  PAGE_PACKAGES_MISSING: 'Install the named packages. They are optional peers that only the page needs.',
  SERVICE_PARTITIONS:
    'Omit --partitions, or choose another --topic-prefix. The topics exist with another number of partitions.',
  TICKET_OPTIONS_INVALID: 'Correct the user id, the secret or the duration. The message says which and how.',
  TIER_UNKNOWN: 'Use one of the tiers in the message. A tier is named after the `within` of its decisions.',
  USER_ENTRY_VERSION:
    'Run the version of the service that wrote the state, or delete the state folder and the changelogs.',
  VALUE_ERASED: 'Skip the value. Its user was erased, and no key opens it.',
  VALUE_SEAL_BROKEN: 'Find out who else writes to the topics and changelogs of the service.',
} as const

/** A code of {@link SERVICE_ERROR_CODES}. It does not change between versions. */
export type ServiceErrorCode = keyof typeof SERVICE_ERROR_CODES

/** An error of the service. Match on `code`, not on the message. It never contains a record's key or value. */
export class ServiceError extends Error {
  /** What happened; see {@link SERVICE_ERROR_CODES} and docs/errors.md. */
  readonly code: ServiceErrorCode

  constructor(code: ServiceErrorCode, message: string, details: { readonly cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.name = 'ServiceError'
    this.code = code
  }
}

/** Whether `error` is a {@link ServiceError}, with one of `codes` if any are given. */
export function isServiceError(error: unknown, ...codes: readonly ServiceErrorCode[]): error is ServiceError {
  return error instanceof ServiceError && (codes.length === 0 || codes.includes(error.code))
}
