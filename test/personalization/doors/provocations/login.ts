import { bodyProvocations, entryProvocations, type OpenDoors, type Provocation, post } from '../provocation.js'

const ask = ({ address }: OpenDoors, body: object, headers?: Record<string, string>) =>
  post(`${address}/tickets`, body, headers)

const NAMES: readonly [what: string, body: object][] = [
  ['no name', {}],
  ['an empty name', { user: '' }],
  ['a name with control characters', { user: 'a\u0000b' }],
  ['a name of more than 80 bytes', { user: 'ü'.repeat(41) }],
  ["an anonymous visitor's key", { user: 'anonymous:s-1' }],
  ['another field', { user: 'ada', password: 'x' }],
]

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations('/tickets'),
  ...entryProvocations((doors, headers) => ask(doors, { user: 'ada' }, headers)),
  ...NAMES.map(([what, body]): Provocation => {
    return { code: 'REQUEST_MALFORMED', what, provoke: (doors) => ask(doors, body) }
  }),
  {
    code: 'LOGIN_CLOSED',
    what: 'no demo login',
    options: { demoLogin: false },
    provoke: (doors) => ask(doors, { user: 'ada' }),
  },
  {
    code: 'LOGIN_CLOSED',
    what: 'the site has logged in no user',
    options: { authenticate: () => null },
    provoke: (doors) => ask(doors, { user: 'ada' }),
  },
  {
    code: 'USER_NOT_ALLOWED',
    what: 'the site has logged in another user',
    options: { authenticate: async () => 'bob' },
    provoke: (doors) => ask(doors, { user: 'ada' }),
  },
  {
    code: 'TICKET_INVALID',
    what: 'a ticket that is none',
    options: { demoLogin: false },
    provoke: (doors) => ask(doors, { user: 'ada' }, { authorization: 'Bearer nonsense' }),
  },
  {
    code: 'SERVER_FAILED',
    what: 'the site cannot say who it is',
    options: { authenticate: () => Promise.reject(new Error('secret words')) },
    provoke: (doors) => ask(doors, { user: 'ada' }),
  },
]
