/** `millrace erasure`: erases a user from the topics of a service, or looks for what is left, while the service need not run. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Connection, connect, embeddedBroker, MillraceError, silentLog, systemClock } from '../../index.js'
import { type EraseParts, eraseUser } from '../erasure/erase.js'
import { masterKeyOf, openSerdes } from '../erasure/open-serdes.js'
import { type ErasureProof, type ProveParts, proveErasure } from '../erasure/prove.js'
import { topicNames } from '../records/topic-names.js'
import { kafkaFlags, legalName, wrong } from './flag-values.js'
import { kafkaConnection, secret } from './kafka-connection.js'

/** Of the state folder: the topics of the embedded broker. */
const BROKER_PART = 'broker'

export const ERASURE_HELP = `millrace erasure USER [options]           erases a user of the personalization service
millrace erasure --prove USER [options]   looks for what is left of the user; exits with 1 if something is

  --value TEXT          with --prove: look for this text too; repeatable
  --state-dir DIR       the state folder of the service; without --brokers it has the topics too, and the service must not run
  --brokers HOST:PORT,...  --transport platformatic|kafkajs  --tls  --sasl plain|scram-sha-256|scram-sha-512|oauthbearer
  --application-id ID  --topic-prefix P   as of the service; default millrace and none
  --master-key FILE     the file of the master key; default: MILLRACE_MASTER_KEY, or the file in MILLRACE_MASTER_KEY_FILE
  --json                print the result as JSON
`

const FLAGS = {
  prove: { type: 'string' },
  value: { type: 'string', multiple: true },
  'state-dir': { type: 'string' },
  brokers: { type: 'string' },
  transport: { type: 'string', default: 'platformatic' },
  tls: { type: 'boolean', default: false },
  sasl: { type: 'string' },
  'application-id': { type: 'string', default: 'millrace' },
  'topic-prefix': { type: 'string', default: '' },
  'master-key': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

/** @throws MillraceError CONFIG_INVALID */
function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true })
  } catch (cause) {
    const [problem] = (cause as Error).message.split(/\n|\. To specify/)
    throw new MillraceError('CONFIG_INVALID', `${problem}: see millrace --help`, { cause })
  }
}

type Flags = ReturnType<typeof readFlags>['values']

/** The text of the master key: of the file that the flag names, or of the environment. @throws MillraceError CONFIG_INVALID */
export function masterKeyText(file: string | undefined): string | null {
  if (file === undefined) return secret('MILLRACE_MASTER_KEY')
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `--master-key names ${file}, which cannot be read`, { cause })
  }
}

/** Prints what it did or found, and returns the exit code. @throws MillraceError CONFIG_INVALID, CLIENT_*; ServiceError MASTER_KEY_* */
export async function erasure(args: readonly string[]): Promise<number> {
  const { values, positionals } = readFlags(args)
  const user = values.prove ?? positionals[0]
  if (user === undefined || positionals.length > (values.prove === undefined ? 1 : 0)) {
    throw new MillraceError('CONFIG_INVALID', 'give one user: millrace erasure USER, or millrace erasure --prove USER')
  }
  const stateDir = values['state-dir']
  if (stateDir === undefined && values.brokers === undefined) {
    throw wrong('state-dir', 'is missing', 'set the state folder of the service, or --brokers')
  }
  if (stateDir !== undefined && !existsSync(stateDir))
    throw wrong('state-dir', `is ${stateDir}`, 'there is no such folder')
  return withTopics(values, async (parts) => {
    if (values.prove === undefined) {
      const erased = await eraseUser(parts, user)
      const plain = erased.readableUntilRetention
      const lines = [`${erased.keys} keys deleted, ${erased.visitors} visitors erased with the user`]
      if (plain.length > 0) lines.push(`readable until their retention: ${plain.join(', ')}`)
      process.stdout.write(values.json ? `${JSON.stringify(erased)}\n` : `${lines.join('\n')}\n`)
      return 0
    }
    const folders = stateDir === undefined ? [] : [stateDir]
    const proof = await proveErasure(parts, user, { folders, values: values.value ?? [] })
    process.stdout.write(values.json ? `${JSON.stringify(proof)}\n` : textOf(proof))
    return proof.isErased ? 0 : 1
  })
}

async function withTopics(values: Flags, work: (parts: EraseParts & ProveParts) => Promise<number>): Promise<number> {
  const master = masterKeyOf(masterKeyText(values['master-key']))
  const applicationId = legalName(values['application-id'], 'application-id', /^[A-Za-z0-9._-]{1,200}$/)
  const topicPrefix = legalName(values['topic-prefix'], 'topic-prefix', /^[A-Za-z0-9._-]{0,200}$/)
  const { connection, close } = await connectionOf(values)
  const cluster = connect(connection)
  try {
    const topics = topicNames(topicPrefix)
    const [clock, log] = [systemClock, silentLog]
    const serdes = await openSerdes({ cluster, connection, topics, applicationId, registry: null, master, clock, log })
    try {
      return await work({ cluster, topics, serdes, options: { connection, applicationId, topicPrefix } })
    } finally {
      await serdes.userKeys?.close()
    }
  } finally {
    await cluster.close()
    await close()
  }
}

async function connectionOf(values: Flags): Promise<{ connection: Connection; close: () => Promise<void> }> {
  if (values.brokers === undefined) {
    const folder = join(values['state-dir']!, BROKER_PART)
    if (!existsSync(folder))
      throw wrong('state-dir', 'has no topics in it', 'set --brokers if the service runs on Kafka')
    const broker = await embeddedBroker({ folder })
    return { connection: broker, close: () => broker.close() }
  }
  const connection = await kafkaConnection(
    { applicationId: values['application-id'], tls: values.tls, ...kafkaFlags(values) },
    values.brokers.split(','),
  )
  return { connection, close: async () => undefined }
}

function textOf({ isErased, searched, remainders, notes }: ErasureProof): string {
  const lines = searched.map(({ place, kind, items, bytes }) => {
    return `searched ${items} ${kind === 'folder' ? 'files' : 'records'}, ${bytes} bytes: ${place}`
  })
  for (const { where, what } of remainders) lines.push(`FOUND ${what}: ${where}`)
  lines.push(...notes)
  lines.push(
    isErased
      ? 'Nothing that can be read is left of the user.'
      : `${remainders.length} places have something of the user.`,
  )
  return `${lines.join('\n')}\n`
}
