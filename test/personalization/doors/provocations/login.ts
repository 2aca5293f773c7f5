import { bodyProvocations, originProvocation, type Provocation, post } from '../provocation.js'

export const PROVOCATIONS: readonly Provocation[] = [
  ...bodyProvocations('/tickets'),
  originProvocation(({ address }, origin) => post(`${address}/tickets`, { user: 'ada' }, { origin })),
  {
    code: 'REQUEST_MALFORMED',
    what: 'a name with control characters',
    provoke: ({ address }) => post(`${address}/tickets`, { user: 'a\u0000b' }),
  },
  {
    code: 'REQUEST_MALFORMED',
    what: "an anonymous visitor's key",
    provoke: ({ address }) => post(`${address}/tickets`, { user: 'anonymous:s-1' }),
  },
]
