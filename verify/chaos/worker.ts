/**
 * One instance under faults as a separate process: `chaos.js --instance SETTINGS`. It reports in lines of JSON on
 * standard error and to its parent, and answers its parent's requests.
 */

import { errorLine } from '../../lib/errors.js'
import { type Log, Streams, type Transport } from '../../lib/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { platformaticTransport } from '../../lib/transport/platformatic.js'
import { type ChaosTopics, TOTALS_STORE, WINDOWS_STORE } from './names.js'
import { chaosTopology, type TopologyVersion } from './topology.js'

export interface WorkerSettings {
  readonly name: string
  readonly applicationId: string
  readonly topics: ChaosTopics
  readonly brokers: readonly string[]
  /** HOST:PORT of a broker to that of its proxy. */
  readonly proxies: Readonly<Record<string, string>>
  readonly stateDir: string
  readonly version: TopologyVersion
  readonly sessionTimeoutMs: number
  readonly transactionTimeoutMs: number
}

/** What a parent asks. */
export type WorkerRequest =
  | { readonly ask: 'close'; readonly leaveGroup: boolean }
  /** What the stores hold for the tasks that run here. */
  | { readonly ask: 'dump'; readonly id: number }
  /** Every record takes so long; once: only the next. */
  | { readonly ask: 'slow'; readonly recordMs: number; readonly once: boolean }

export interface StoreDump {
  /** Group to `count,sum`. */
  readonly totals: readonly (readonly [string, string])[]
  /** `key@start` to `count,sum`. */
  readonly windows: readonly (readonly [string, string])[]
}

export type WorkerReport =
  | { readonly say: 'state'; readonly state: string; readonly tasks: readonly string[] }
  | { readonly say: 'dump'; readonly id: number; readonly dump: StoreDump | null; readonly error: string }

const TASKS_POLL_MS = 20

export async function runWorker(settings: WorkerSettings): Promise<number> {
  const pace = { recordMs: 0, once: false }
  const topology = chaosTopology(settings.topics, settings.version, () => {
    if (pace.recordMs === 0) return
    sleepSync(pace.recordMs)
    if (pace.once) pace.recordMs = 0
  })
  const { applicationId, stateDir, brokers, sessionTimeoutMs, transactionTimeoutMs, name } = settings
  const streams = new Streams(topology, {
    ...{ applicationId, stateDir, brokers, sessionTimeoutMs, transactionTimeoutMs, log },
    clientId: name,
    // With a transport of its own an instance sends its heartbeats from the loop's thread.
    ...(Object.keys(settings.proxies).length > 0 && { transport: () => throughProxies(name, settings.proxies) }),
    heartbeatIntervalMs: Math.floor(sessionTimeoutMs / 6),
    requestTimeoutMs: 10_000,
  })
  report(streams)
  process.on('message', (request: WorkerRequest) => {
    if (request.ask === 'close') void streams.close({ leaveGroup: request.leaveGroup }).catch(() => undefined)
    else if (request.ask === 'slow') Object.assign(pace, { recordMs: request.recordMs, once: request.once })
    else void answerDump(streams, request.id)
  })
  process.once('SIGTERM', () => void streams.close().catch(() => undefined))
  // Without its parent it would work on forever.
  const orphaned = () => process.exit(1)
  process.once('disconnect', orphaned)
  try {
    await streams.start()
    await streams.finished
    return 0
  } catch (error) {
    log.error({ cause: errorLine(error) }, 'the instance ended')
    return 1
  } finally {
    process.removeListener('disconnect', orphaned)
    process.disconnect?.()
  }
}

function report(streams: Streams): void {
  let said = ''
  const look = () => {
    const now: WorkerReport = { say: 'state', state: streams.state, tasks: streams.tasks() }
    const text = JSON.stringify(now)
    if (text !== said) tell(now)
    said = text
  }
  streams.onStateChange(look)
  const again = () => {
    look()
    if (process.connected) systemClock.setTimer(TASKS_POLL_MS, again)
  }
  again()
}

async function answerDump(streams: Streams, id: number): Promise<void> {
  try {
    const totals: [string, string][] = []
    for await (const row of streams.queries.keyValue<string, string>(TOTALS_STORE).all()) {
      totals.push([row.key, row.value])
    }
    const windows: [string, string][] = []
    const all = streams.queries.windows<string, string>(WINDOWS_STORE).fetchAll(0, Number.MAX_SAFE_INTEGER)
    for await (const row of all) windows.push([`${row.key}@${row.startMs}`, row.value])
    tell({ say: 'dump', id, dump: { totals, windows }, error: '' })
  } catch (error) {
    tell({ say: 'dump', id, dump: null, error: errorLine(error) })
  }
}

function tell(message: WorkerReport): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined)
}

/** Real connections, each to the proxy of its broker where there is one. */
function throughProxies(clientId: string, proxies: Readonly<Record<string, string>>): Transport {
  const direct = platformaticTransport({ clock: systemClock, clientId })
  return {
    send({ host, port }, lane, request) {
      const proxy = proxies[`${host}:${port}`]
      if (proxy === undefined) return direct.send({ host, port }, lane, request)
      const colon = proxy.lastIndexOf(':')
      return direct.send({ host: proxy.slice(0, colon), port: Number(proxy.slice(colon + 1)) }, lane, request)
    },
    close: () => direct.close(),
  }
}

/** As user code that computes: nothing else of the thread continues. */
function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

const say = (level: string) => (fields: object, message: string) =>
  void process.stderr.write(`${JSON.stringify({ at: systemClock.now(), level, message, ...fields })}\n`)

const log: Log = { debug() {}, info: say('info'), warn: say('warn'), error: say('error') }
