/** `npm start`: the personalization service on the embedded broker or on Kafka. Flags: `npm start -- --help`. */
import { join } from 'node:path'
import { pino } from 'pino'
import { type Connection, embeddedBroker, errorLine, systemRandom } from '../../index.js'
import { loadConfig } from '../config/load-config.js'
import { defaultConfig, type ServiceConfig, withSettings } from '../config/service-config.js'
import type { PersonalizationServer } from '../doors/server.js'
import { openWebhooks } from '../doors/webhooks/open-webhooks.js'
import type { RunningWebhooks } from '../doors/webhooks/overview.js'
import { fileInput, type LoaderInput, simulatorInput } from '../input/loader/input-files.js'
import type { Summary } from '../report/summary.js'
import { PersonalizationService } from '../service.js'
import { erasure, masterKeyText } from './erasure.js'
import { kafkaConnection } from './kafka-connection.js'
import { accessNotice, catalogueOf, pageServer } from './page-server.js'
import { BROKER_PART, keptSecret, prepareFolder, stateFolder, TASKS_PART } from './service-folder.js'
import { HELP, parseStartOptions, type StartOptions } from './start-options.js'

async function main(): Promise<number> {
  const [command, ...rest] = process.argv.slice(2)
  if (command === 'erasure') return erasure(rest)
  const options = parseStartOptions(process.argv.slice(2))
  if (options.help) {
    process.stdout.write(HELP)
    return 0
  }
  const log = pino({ level: process.env.LOG_LEVEL ?? 'warn' }, pino.destination({ dest: 2, sync: true }))
  const config = await configOf(options)
  const input = await inputOf(options)
  const masterKey = masterKeyText(options.masterKey)
  const folder = stateFolder(options, input, config, masterKey !== null)
  prepareFolder(folder, [BROKER_PART, TASKS_PART])
  const broker =
    options.brokers === null
      ? await embeddedBroker({ folder: join(folder, BROKER_PART), report: (line) => log.warn({}, line) })
      : null
  const asked = new AbortController()
  const onSignal = () => asked.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    const connection = broker === null ? await kafkaConnection(options, options.brokers!) : broker
    return await run(options, masterKey, config, input, folder, connection, asked.signal, log)
  } finally {
    asked.abort()
    await broker?.close()
    process.removeListener('SIGINT', onSignal)
    process.removeListener('SIGTERM', onSignal)
  }
}

/** The file, with the flags on top. */
async function configOf({ config, settings }: StartOptions): Promise<ServiceConfig> {
  return withSettings(config === null ? defaultConfig : await loadConfig(config), settings)
}

async function inputOf(options: StartOptions): Promise<LoaderInput | null> {
  if (!options.load) return null
  return options.input === null ? simulatorInput(options) : fileInput(options.input, options.format!, options)
}

async function run(
  options: StartOptions,
  masterKey: string | null,
  config: ServiceConfig,
  input: LoaderInput | null,
  folder: string,
  connection: Connection,
  asked: AbortSignal,
  log: pino.Logger,
): Promise<number> {
  const { applicationId, topicPrefix, partitions, registry, gate, repeats, speed } = options
  const catalogue = await catalogueOf(options, config)
  const service = await PersonalizationService.open({
    connection,
    applicationId,
    topicPrefix,
    partitions,
    stateDir: join(folder, TASKS_PART),
    registry,
    masterKey,
    gate,
    config,
    model: { repeats },
    input,
    speed,
    instanceId: keptSecret(folder, 'instance-id', systemRandom),
    log,
  })
  if (options.tier !== null) return await runTier(service, options.tier, options)
  let server: PersonalizationServer | null = null
  let webhooks: RunningWebhooks | null = null
  try {
    if (config.webhooks.length > 0) webhooks = await openWebhooks(service, config.webhooks)
    server = await pageServer(options, service, webhooks, folder, asked, catalogue, log)
    const address = await server?.listen()
    await service.start()
    if (address !== undefined && !options.json) {
      const notice = accessNotice(options)
      process.stdout.write(`The shop is open at ${address}\n${notice === null ? '' : `${notice}\n`}`)
    }
    const stopped = new Promise<'stopped'>((resolve) => {
      if (asked.aborted) resolve('stopped')
      asked.addEventListener('abort', () => resolve('stopped'), { once: true })
    })
    const finished = options.once ? service.inputDone().then(() => 'done' as const) : service.failure
    if ((await Promise.race([finished, stopped])) === 'stopped') return 0
    await Promise.race([webhooks?.drained(), stopped])
    await webhooks?.close()
    await server?.close()
    await service.stop({ leaveGroup: true })
    report(await service.summary(), options)
    return 0
  } finally {
    await server?.close().catch(() => undefined)
    await webhooks?.close().catch(() => undefined)
    await service.close().catch(() => undefined)
  }
}

async function runTier(service: PersonalizationService, tier: string, { json }: StartOptions): Promise<number> {
  try {
    const run = await service.runTier(tier)
    const text = `tier ${tier}: ${run.events} events, ${run.proposals} proposals`
    process.stdout.write(`${json ? JSON.stringify(run) : text}\n`)
    return 0
  } finally {
    await service.close({ leaveGroup: true })
  }
}

function report(summary: Summary, { json }: StartOptions): void {
  if (json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`)
    return
  }
  const { recommender } = summary
  const lines = [
    `${summary.events} events, ${summary.invalid} invalid, ${summary.late} late, ${summary.duplicateInputs} sent twice, ${summary.anonymous} anonymous`,
    summary.decisions.map(({ decided, title }) => `${decided} ${title}`).join(', '),
    `${summary.identity.merges} visitors became users`,
    `${summary.distinctDecisionIds} distinct decisions, ${summary.duplicateRecommendations} twice`,
  ]
  for (const { row, reason } of summary.firstInvalid)
    lines.push(`invalid ${row === null ? 'record' : `row ${row}`}: ${reason}`)
  if (summary.latencyMs !== null) lines.push(`latency p50 ${summary.latencyMs.p50} ms, p99 ${summary.latencyMs.p99} ms`)
  if (recommender.hitRate20 !== null) {
    lines.push(`next item among 20: hit rate ${recommender.hitRate20.toFixed(3)}, MRR ${recommender.mrr20!.toFixed(3)}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

try {
  process.exitCode = await main()
} catch (error) {
  process.stderr.write(`${errorLine(error)}\n`)
  if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  process.exitCode = 1
}
