import { userTicket } from '../../../../lib/personalization/doors/user-ticket.js'
import {
  bodyProvocations,
  entryProvocations,
  type OpenDoors,
  type Provocation,
  post,
  TICKET_SECRET,
} from '../provocation.js'

const FLAGS = '/ofrep/v1/evaluate/flags'
const ONE = `${FLAGS}/carousel-algorithm`
const key = { authorization: 'Bearer server-key' }
const options = { demoLogin: false, serverKey: 'server-key' }
const ask = ({ address }: OpenDoors, path: string, context: unknown, headers: Record<string, string> = key) =>
  post(address + path, { context }, headers)

/** The answer has what OFREP's clients look for, besides what all errors have. */
async function withCode(answer: Promise<Response>, errorCode: string, flag?: string): Promise<Response> {
  const got = await answer
  const body = (await got.clone().json()) as Record<string, unknown>
  if (body.errorCode !== errorCode || body.key !== flag || typeof body.errorDetails !== 'string') {
    throw new Error(`${JSON.stringify(body)} is not ${errorCode} of ${flag}`)
  }
  return got
}

const CONTEXTS: readonly [what: string, context: unknown, errorCode: string][] = [
  ['no context', undefined, 'TARGETING_KEY_MISSING'],
  ['an empty context', {}, 'TARGETING_KEY_MISSING'],
  ['an empty key', { targetingKey: '' }, 'TARGETING_KEY_MISSING'],
  ['a context that is none', 'ada', 'INVALID_CONTEXT'],
  ['a context that is a list', [], 'INVALID_CONTEXT'],
  ['a key that is a number', { targetingKey: 7 }, 'INVALID_CONTEXT'],
  ['a key too long', { targetingKey: 'x'.repeat(101) }, 'INVALID_CONTEXT'],
  ['a key with control characters', { targetingKey: 'a\nb' }, 'INVALID_CONTEXT'],
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations(ONE),
  ...bodyProvocations(FLAGS),
  ...entryProvocations((doors, headers) => ask(doors, ONE, { targetingKey: 'ada' }, { ...key, ...headers })).map(
    (row) => ({
      ...row,
      options: { ...options, ...row.options },
    }),
  ),
  ...CONTEXTS.flatMap(([what, context, errorCode]): Provocation[] => [
    {
      ...{ code: 'REQUEST_MALFORMED', what, options },
      provoke: (doors) => withCode(ask(doors, ONE, context), errorCode, 'carousel-algorithm'),
    },
    {
      ...{ code: 'REQUEST_MALFORMED', what: `${what}, of all flags`, options },
      provoke: (doors) => withCode(ask(doors, FLAGS, context), errorCode),
    },
  ]),
  {
    ...{ code: 'REQUEST_MALFORMED', what: 'not JSON, with the code of OFREP', options },
    provoke: ({ address }) => withCode(post(address + ONE, '{', key), 'PARSE_ERROR', 'carousel-algorithm'),
  },
  {
    ...{ code: 'EXPERIMENT_UNKNOWN', what: 'another flag', options },
    provoke: (doors) => withCode(ask(doors, `${FLAGS}/other`, { targetingKey: 'ada' }), 'FLAG_NOT_FOUND', 'other'),
  },
  {
    ...{ code: 'TICKET_MISSING', what: 'no key and no ticket', options },
    provoke: (doors) => withCode(ask(doors, FLAGS, { targetingKey: 'ada' }, {}), 'GENERAL'),
  },
  {
    ...{ code: 'TICKET_INVALID', what: 'a wrong key', options },
    provoke: (doors) => ask(doors, FLAGS, { targetingKey: 'ada' }, { 'x-api-key': 'other' }),
  },
  {
    ...{ code: 'USER_NOT_ALLOWED', what: 'a ticket of another user', options },
    provoke: (doors) => {
      const ticket = userTicket('bob', { secret: TICKET_SECRET, validFor: '1m', nowMs: Date.now() })
      return ask(doors, FLAGS, { targetingKey: 'ada' }, { authorization: `Bearer ${ticket}` })
    },
  },
  {
    ...{ code: 'SERVER_FAILED', what: 'an error in the service', options },
    change: { armOf: () => Promise.reject(new TypeError('secret words')) },
    provoke: (doors) => withCode(ask(doors, FLAGS, { targetingKey: 'ada' }), 'GENERAL'),
  },
]
