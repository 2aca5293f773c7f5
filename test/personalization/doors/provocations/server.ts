import { type Provocation, post } from '../provocation.js'

export const PROVOCATIONS: readonly Provocation[] = [
  { code: 'ROUTE_UNKNOWN', what: 'a file that is missing', provoke: ({ address }) => fetch(`${address}/nowhere.css`) },
  { code: 'ROUTE_UNKNOWN', what: 'another method', provoke: ({ address }) => post(`${address}/health`, {}) },
  { code: 'REQUEST_MALFORMED', what: 'a path that is none', provoke: ({ address }) => fetch(`${address}/%zz`) },
]
