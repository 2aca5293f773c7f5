/** Every benchmark, by the name `npm run bench -- NAME` gives it; each is loaded when it runs. */
import { parseArgs } from 'node:util'
import { type FlagValues, flagValues, invalidFlag, type Suite } from './suite.js'

export const SUITES: Readonly<Record<string, () => Promise<{ readonly suite: Suite }>>> = {
  count: () => import('./count.js'),
  async: () => import('./async.js'),
  latency: () => import('./latency.js'),
  idle: () => import('./idle.js'),
  recommender: () => import('./recommender.js'),
  service: () => import('./service.js'),
  hotspots: () => import('./hotspots.js'),
}

export interface Chosen {
  readonly suite: Suite
  readonly values: FlagValues
  /** The report in one line. */
  readonly json: boolean
}

/** @throws MillraceError CONFIG_INVALID; TypeError for a flag the suite does not have */
export async function chosenSuite([name = 'none', ...args]: readonly string[]): Promise<Chosen> {
  const load = Object.hasOwn(SUITES, name) ? SUITES[name] : undefined
  if (load === undefined) throw invalidFlag(`bench takes one suite of ${Object.keys(SUITES).join(', ')}; got ${name}`)
  const { suite } = await load()
  const flags = Object.keys(suite.flags).map((flag) => [flag, { type: 'string' }] as const)
  const options = { ...Object.fromEntries(flags), json: { type: 'boolean' } } as const
  const { values } = parseArgs({ args, options })
  return { suite, values: flagValues(suite.flags, values), json: values.json === true }
}
