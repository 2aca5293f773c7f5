/** The flags of `npm start`, read and checked before anything is opened. */
import { parseArgs } from 'node:util'
import { MillraceError } from '../../index.js'
import { DURATION_ADVICE, duration } from '../config/duration.js'
import type { DecisionSettings } from '../config/service-config.js'
import type { AdmissionOptions } from '../gate/admission.js'
import { type InjectPlan, NO_INJECTION, parseInject } from '../input/inject.js'
import type { Speed } from '../input/loader/feed.js'
import { DEFAULT_GATE } from '../topology.js'
import { DOOR_FLAGS, DOOR_HELP, type DoorOptions, parseDoorOptions } from './door-options.js'
import { kafkaFlags, legalName, oneOf, whole, wrong } from './flag-values.js'

export interface StartOptions {
  /** Null: the simulator. */
  readonly input: string | null
  readonly format: string | null
  /** What the columns of a CSV file are; null: they are called like the fields. */
  readonly columns: string | null
  /** The first invalid row ends the run. */
  readonly strict: boolean
  readonly load: boolean
  readonly speed: Speed
  readonly inject: InjectPlan
  readonly seed: string
  readonly once: boolean
  /** The one tier to run; null: all. */
  readonly tier: string | null
  readonly json: boolean
  /** Null: the embedded broker. */
  readonly brokers: readonly string[] | null
  readonly transport: 'platformatic' | 'kafkajs'
  readonly tls: boolean
  readonly sasl: string | null
  readonly registry: string | null
  readonly applicationId: string
  readonly topicPrefix: string
  readonly partitions: number | null
  /** Null: the default folder. */
  readonly stateDir: string | null
  /** The file of the master key. */
  readonly masterKey: string | undefined
  /** Null: not given. */
  readonly port: number | null
  readonly host: string
  /** Null: no file. */
  readonly config: string | null
  /** Path of the catalogue; null: that of the configuration. */
  readonly catalogue: string | null
  readonly doors: DoorOptions
  readonly gate: AdmissionOptions
  /** Settings of decisions that flags give; they win over those of the file. */
  readonly settings: Readonly<Record<string, DecisionSettings>>
  readonly repeats: 'allow' | 'forbid'
  readonly help: boolean
}

export const HELP = `npm start -- [options]

Input       --input FILE --format rees46|bol|otto|retail|segment|csv   default: the simulated shop
            --columns at=event_time,type=event,itemId=sku   columns of a CSV file; type:view is one value for all rows
            --strict            the first invalid row ends the run; default: invalid rows are counted
            --speed N|max       how many seconds of events per second; default 1, simulated shop 60, with --once max
            --inject shuffle=MS,duplicate=SHARE,late=SHARE:MS
            --seed TEXT         seed of the simulator and of --inject; default 1
            --no-load           do not load the input; another instance loads it
Run         --once              exit after the input is processed; --json: print a JSON object as the last line
            --tier 4h --once    run one tier from where it stopped to the present end, and exit; for a scheduler
            --port N --host H   address of the page; default 127.0.0.1:8080; with --once only if --port is given
${DOOR_HELP}Kafka       --brokers HOST:PORT,...   default: a broker inside this process
            --transport platformatic|kafkajs  --tls  --sasl plain|scram-sha-256|scram-sha-512|oauthbearer
            --registry URL      --application-id ID  --topic-prefix P  --partitions N
State       --state-dir DIR     default: a folder below .millrace, named after input and rules
            --master-key FILE   32 random bytes as base64 or hex: seals what is stored about users, so that one can be erased
Page        --catalogue FILE    items by name: CSV with a header, or JSON lines; overrides the configuration file
Decisions   --config FILE       JavaScript or TypeScript: settings, caps, quiet hours, campaigns, your own decisions
            --abandon-after 5m  overrides the file
            --grace 1m  --idle-after 10s  --repeats allow|forbid

Secrets come from environment variables: MILLRACE_SASL_USERNAME, MILLRACE_SASL_PASSWORD, MILLRACE_SASL_TOKEN,
MILLRACE_TLS_CA, MILLRACE_TICKET_SECRET, MILLRACE_WRITE_KEYS (separated by commas), MILLRACE_SERVER_KEY,
MILLRACE_ADMIN_TOKEN, MILLRACE_MASTER_KEY.
To read one from a file, set the variable with _FILE at its end to the path.
`

const FLAGS = {
  input: { type: 'string' },
  format: { type: 'string' },
  columns: { type: 'string' },
  strict: { type: 'boolean', default: false },
  load: { type: 'boolean', default: true },
  speed: { type: 'string' },
  inject: { type: 'string' },
  seed: { type: 'string', default: '1' },
  once: { type: 'boolean', default: false },
  tier: { type: 'string' },
  json: { type: 'boolean', default: false },
  brokers: { type: 'string' },
  transport: { type: 'string', default: 'platformatic' },
  tls: { type: 'boolean', default: false },
  sasl: { type: 'string' },
  registry: { type: 'string' },
  'application-id': { type: 'string', default: 'millrace' },
  'topic-prefix': { type: 'string', default: '' },
  partitions: { type: 'string' },
  'state-dir': { type: 'string' },
  'master-key': { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  config: { type: 'string' },
  catalogue: { type: 'string' },
  ...DOOR_FLAGS,
  'abandon-after': { type: 'string' },
  grace: { type: 'string' },
  'idle-after': { type: 'string' },
  repeats: { type: 'string', default: 'forbid' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** @throws MillraceError CONFIG_INVALID, INJECT_INVALID */
export function parseStartOptions(args: string[]): StartOptions {
  const values = valuesOf(args)
  const { input = null, format = null, once } = values
  if (input !== null && format === null) throw wrong('format', 'is missing', 'set the format of --input')
  for (const flag of ['format', 'columns', 'strict'] as const) {
    if (input === null && values[flag]) throw wrong(flag, 'has no --input', 'set the file with --input')
  }
  const gate = {
    ...DEFAULT_GATE,
    graceMs: time(values.grace, 'grace', DEFAULT_GATE.graceMs),
    idleAfterMs: time(values['idle-after'], 'idle-after', DEFAULT_GATE.idleAfterMs),
  }
  if (values.tier !== undefined && !once)
    throw wrong('tier', 'has no --once', 'a tier is run to the present end: add --once')
  return {
    input,
    format,
    columns: values.columns ?? null,
    strict: values.strict,
    load: values.load,
    speed: speed(values.speed, once ? 'max' : input === null ? SHOP_SPEED : 1),
    inject: values.inject === undefined ? NO_INJECTION : parseInject(values.inject),
    seed: values.seed,
    once,
    tier: values.tier ?? null,
    json: values.json,
    brokers: values.brokers === undefined ? null : values.brokers.split(','),
    ...kafkaFlags(values),
    tls: values.tls,
    registry: values.registry ?? null,
    applicationId: legalName(values['application-id'], 'application-id', /^[A-Za-z0-9._-]{1,200}$/),
    topicPrefix: legalName(values['topic-prefix'], 'topic-prefix', /^[A-Za-z0-9._-]{0,200}$/),
    partitions: values.partitions === undefined ? null : whole(values.partitions, 'partitions', 1, 10_000),
    stateDir: values['state-dir'] ?? null,
    masterKey: values['master-key'],
    port: values.port === undefined ? null : whole(values.port, 'port', 0, 65_535),
    host: values.host,
    config: values.config ?? null,
    catalogue: values.catalogue ?? null,
    doors: parseDoorOptions(values, input === null && values.brokers === undefined && values.load),
    gate,
    settings:
      values['abandon-after'] === undefined ? {} : { 'cart-abandonment': { abandonAfter: values['abandon-after'] } },
    repeats: oneOf(values.repeats, 'repeats', ['allow', 'forbid']),
    help: values.help,
  }
}

function valuesOf(args: string[]) {
  try {
    return parseArgs({ args, options: FLAGS, allowNegative: true }).values
  } catch (cause) {
    const [problem] = (cause as Error).message.split(/\n|\. To specify/)
    throw new MillraceError('CONFIG_INVALID', `${problem}: see npm start -- --help`, { cause })
  }
}

function time(text: string | undefined, flag: string, otherwise: number): number {
  const ms = text === undefined ? otherwise : duration(text)
  if (ms === undefined) throw wrong(flag, `is ${text}`, DURATION_ADVICE)
  return ms
}

/** The simulated shop has a visitor every few seconds; so fast the page is worth looking at. */
const SHOP_SPEED = 60

function speed(text: string | undefined, otherwise: Speed): Speed {
  if (text === undefined) return otherwise
  if (text === 'max') return 'max'
  const value = Number(text)
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 1e9) {
    throw wrong('speed', `is ${text}`, 'write max, or a number above 0')
  }
  return value
}
