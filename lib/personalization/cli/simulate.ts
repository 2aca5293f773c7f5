/** `npm run simulate`: what another configuration would have decided over a stretch of the log. Flags: `npm run simulate -- --help`. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Connection, embeddedBroker, errorLine, MillraceError } from '../../index.js'
import { instantMs } from '../config/config-schema.js'
import { DURATION_ADVICE, duration } from '../config/duration.js'
import { loadConfig } from '../config/load-config.js'
import { defaultConfig } from '../config/service-config.js'
import type { ChangedDecision, OneSided } from '../simulate/difference.js'
import { type Simulation, simulate } from '../simulate/simulation.js'
import { DEFAULT_GATE } from '../topology.js'
import { kafkaFlags, legalName, oneOf, whole, wrong } from './flag-values.js'
import { kafkaConnection, secret } from './kafka-connection.js'
import { BROKER_PART } from './service-folder.js'

const HELP = `npm run simulate -- --config NEW.js [--against OLD.js] [--from TIME] [--to TIME]

Runs two configurations over a stretch of the log in memory and compares their decisions by id. The log is only read.

Configurations  --config FILE     the one to try
                --against FILE    the one to compare with; default: that without a file
Stretch         --from TIME       decisions from here on are compared, e.g. 2019-10-01T01:00:00Z; default: from the beginning
                --to TIME         decisions before this time are compared; default: to the end
                --warm-from TIME  where the events begin that fill the state before --from; default: the beginning of the log
Log             --state-dir DIR   the folder of a service on the embedded broker that is not running
                --brokers HOST:PORT,...  --transport platformatic|kafkajs  --tls  --sasl MECHANISM  --registry URL
                --topic-prefix P  --grace 1m  --repeats allow|forbid   as those of the service
Output          --first N         decisions listed of each kind; default 10
                --json            print a JSON object instead, with all decisions that differ

Secrets come from the environment, as with npm start, MILLRACE_MASTER_KEY among them.
`

const FLAGS = {
  config: { type: 'string' },
  against: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  'warm-from': { type: 'string' },
  'state-dir': { type: 'string' },
  brokers: { type: 'string' },
  transport: { type: 'string', default: 'platformatic' },
  tls: { type: 'boolean', default: false },
  sasl: { type: 'string' },
  registry: { type: 'string' },
  'topic-prefix': { type: 'string', default: '' },
  grace: { type: 'string' },
  repeats: { type: 'string', default: 'forbid' },
  first: { type: 'string', default: '10' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

type Values = ReturnType<typeof valuesOf>

async function main(): Promise<void> {
  const values = valuesOf(process.argv.slice(2))
  if (values.help) {
    process.stdout.write(HELP)
    return
  }
  if (values.config === undefined) throw wrong('config', 'is missing', 'set the configuration to try')
  const [fromMs, toMs] = [time(values.from, 'from'), time(values.to, 'to')]
  if (fromMs !== null && toMs !== null && toMs <= fromMs) throw wrong('to', 'is not after --from', 'set a later time')
  const warmFromMs = time(values['warm-from'], 'warm-from')
  if (warmFromMs !== null && fromMs !== null && warmFromMs > fromMs) {
    throw wrong('warm-from', 'is after --from', 'set an earlier time')
  }
  const first = whole(values.first, 'first', 0, 1_000_000)
  const graceMs = values.grace === undefined ? DEFAULT_GATE.graceMs : duration(values.grace)
  if (graceMs === undefined) throw wrong('grace', `is ${values.grace}`, DURATION_ADVICE)
  const options = {
    config: await loadConfig(values.config),
    against: values.against === undefined ? defaultConfig : await loadConfig(values.against),
    topicPrefix: legalName(values['topic-prefix'], 'topic-prefix', /^[A-Za-z0-9._-]{0,200}$/),
    registry: values.registry ?? null,
    masterKey: secret('MILLRACE_MASTER_KEY'),
    ...{ fromMs, toMs, warmFromMs, gate: { ...DEFAULT_GATE, graceMs } },
    model: { repeats: oneOf(values.repeats, 'repeats', ['allow', 'forbid']) },
  }
  await withConnection(values, async (connection) => {
    const result = await simulate({ connection, ...options })
    process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : inWords(result, first))
  })
}

function valuesOf(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS }).values
  } catch (cause) {
    const [problem] = (cause as Error).message.split(/\n|\. To specify/)
    throw new MillraceError('CONFIG_INVALID', `${problem}: see npm run simulate -- --help`, { cause })
  }
}

function time(text: string | undefined, flag: string): number | null {
  if (text === undefined) return null
  const ms = instantMs(text)
  if (ms === undefined) throw wrong(flag, `is ${text}`, 'write a time with its zone, such as 2019-10-01T01:00:00Z')
  return ms
}

async function withConnection(values: Values, run: (connection: Connection) => Promise<void>): Promise<void> {
  const { brokers, tls, 'state-dir': folder } = values
  if (brokers !== undefined) {
    return run(await kafkaConnection({ applicationId: 'simulate', tls, ...kafkaFlags(values) }, brokers.split(',')))
  }
  if (folder === undefined) {
    throw wrong(
      'brokers',
      'is missing',
      'set the brokers, or --state-dir with the folder of a service that is not running',
    )
  }
  const broker = await embeddedBroker({ folder: join(folder, BROKER_PART) })
  try {
    await run({ broker })
  } finally {
    await broker.close()
  }
}

function inWords(result: Simulation, first: number): string {
  const { events, before, after, unchanged, onlyBefore, onlyAfter, changed, changedFields, byRule } = result
  const fields = Object.entries(changedFields).map(([name, count]) => `${name} ${count}`)
  const lines = [
    `${events} events; ${before} decisions before, ${after} after`,
    `${unchanged} unchanged, ${onlyBefore.length} only before, ${onlyAfter.length} only after, ${changed.length} changed`,
  ]
  if (fields.length > 0) lines.push(`changed: ${fields.join(', ')}`)
  for (const [rule, counts] of Object.entries(byRule)) {
    const { unchanged, onlyBefore, onlyAfter, changed } = counts
    lines.push(
      `${rule}: ${unchanged} unchanged, ${onlyBefore} only before, ${onlyAfter} only after, ${changed} changed`,
    )
  }
  for (const one of onlyBefore.slice(0, first)) lines.push(`only before: ${oneSided(one)}`)
  for (const one of onlyAfter.slice(0, first)) lines.push(`only after: ${oneSided(one)}`)
  for (const one of changed.slice(0, first)) lines.push(`changed: ${changes(one)}`)
  return `${lines.join('\n')}\n`
}

function oneSided({ decisionId, rule, userId, at, suppressed }: OneSided): string {
  const outcome = suppressed === null ? '' : `, suppressed: ${suppressed}`
  return `${decisionId} ${rule} of ${userId} at ${new Date(at).toISOString()}${outcome}`
}

function changes({ decisionId, rule, userId, fields }: ChangedDecision): string {
  const told = Object.entries(fields).map(
    ([name, { before, after }]) => `${name} ${JSON.stringify(before)} to ${JSON.stringify(after)}`,
  )
  return `${decisionId} ${rule} of ${userId}: ${told.join(', ')}`
}

try {
  await main()
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n`)
  if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
}
