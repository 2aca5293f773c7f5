/** The faults of the shop: each is injected into a running application and reports what happened. */
import { delay, systemClock } from '../../../lib/record/clock.js'
import type { TransactionState } from '../application-watch.js'
import type { ChaosInstance } from './instance.js'
import { ChaosFailure, type Stage } from './stage.js'

export const FAULTS = ['kill', 'pause', 'two'] as const
export type Fault = (typeof FAULTS)[number]

/** The service's session timeout; with a margin for the coordinator's timer. */
const PAST_SESSION_MS = 12_000
/** Requests that were already in the broker's sockets when the process died have been answered after this. */
const SOCKETS_EMPTY_MS = 50
/** A kill may come just after EndTxn; so many in a row cannot. */
const MAX_TRIES = 20

/** What a fault left behind for the figures at the end. */
export interface FaultFigures {
  kills: number
  /** Kills that met an open transaction; only these count. */
  open: number
  readonly restartMs: number[]
}

type Make = (stage: Stage, figures: FaultFigures) => Promise<string>

/** @throws InputOver, ChaosFailure */
export const makeFault: Readonly<Record<Fault, Make>> = { kill, pause, two }

/** Kill -9 with a transaction open, and a new life on the same folder. */
async function kill(stage: Stage, figures: FaultFigures): Promise<string> {
  const [victim] = stage.alive as [ChaosInstance]
  const seen = await killOpen(stage, victim, figures)
  return `${seen}, ${await restart(stage, victim, figures)}`
}

/**
 * Two instances; one stands still, transaction open, until the broker has aborted it and the other has its tasks; then
 * it wakes as a zombie and must find its way back.
 */
async function pause(stage: Stage): Promise<string> {
  const [sleeper, other] = await both(stage)
  await stage.work()
  const open = await stopOpen(stage, sleeper)
  const stoppedMs = systemClock.monotonicMs()
  const aborted = await stage.until('the broker to abort the transaction of a paused instance', [other], async () => {
    const now = await stage.transaction(sleeper)
    return now !== null && now.state !== 'Ongoing' && !now.state.startsWith('Prepare') ? now : undefined
  })
  if (aborted.state !== 'CompleteAbort') throw new ChaosFailure(`a timed-out transaction ended as ${aborted.state}`)
  const leftMs = PAST_SESSION_MS - (systemClock.monotonicMs() - stoppedMs)
  if (leftMs > 0) await delay(systemClock, leftMs)
  const before = await stage.watch.committedInput()
  await stage.until('the other instance to go on', [other], async () =>
    (await stage.watch.committedInput()) > before ? true : undefined,
  )
  const pausedMs = systemClock.monotonicMs() - stoppedMs
  const input = await stage.watch.committedInput()
  sleeper.life!.signal('SIGCONT')
  const wokenMs = systemClock.monotonicMs()
  await stage.until(`${sleeper.name} to commit again after its pause`, [sleeper], async () => {
    const now = await stage.transaction(sleeper)
    return now?.state === 'CompleteCommit' && now.startedAt > open.startedAt ? true : undefined
  })
  const backMs = systemClock.monotonicMs() - wokenMs
  return `${sleeper.name} stood still for ${seconds(pausedMs)} with ${opened(open)}; the broker aborted it; input committed meanwhile to ${input}; woken to commit ${seconds(backMs)}`
}

/** Two instances; one is killed, transaction open; the other continues alone. */
async function two(stage: Stage, figures: FaultFigures): Promise<string> {
  const pair = await both(stage)
  const [victim, survivor] = stage.random.int(2) === 0 ? pair : [pair[1], pair[0]]
  const seen = await killOpen(stage, victim, figures)
  const before = await stage.watch.committedInput()
  await stage.until(`${survivor.name} to go on`, [survivor], async () =>
    (await stage.watch.committedInput()) > before ? true : undefined,
  )
  return `${seen}; ${survivor.name} goes on alone`
}

/** Both instances, each with a commit behind it in this life. */
async function both(stage: Stage): Promise<[ChaosInstance, ChaosInstance]> {
  const first = stage.alive[0]!
  const other = stage.instances.find((instance) => instance !== first)!
  if (!other.isAlive) await stage.start(other)
  return [first, other]
}

/** Kills until a kill met an open transaction. A victim whose kill does not count is started again. */
async function killOpen(stage: Stage, victim: ChaosInstance, figures: FaultFigures): Promise<string> {
  for (let i = 0; i < MAX_TRIES; i++) {
    await stage.work()
    const open = await stage.untilOpen(victim)
    await victim.kill()
    figures.kills++
    await delay(systemClock, SOCKETS_EMPTY_MS)
    const now = await stage.transaction(victim)
    const input = await stage.watch.committedInput()
    if (now !== null && isSame(now, open)) {
      figures.open++
      const stable = await stage.watch.openPartitions(now.partitions)
      const held = stable[0]
      const where =
        held === undefined
          ? 'nothing written in it yet'
          : `${held.topic}-${held.partition} stable to ${held.lastStableOffset} of ${held.highWatermark}`
      return `life ${victim.lives} of ${victim.name} killed at input ${input} with ${opened(now)} (${where})`
    }
    const restarted = await restart(stage, victim, figures)
    stage.print(`  kill at input ${input} does not count, the transaction was ${now?.state}; ${restarted}`)
  }
  throw new ChaosFailure(`${MAX_TRIES} kills in a row met no open transaction`)
}

/** The process stands still and its transaction is open. */
async function stopOpen(stage: Stage, sleeper: ChaosInstance): Promise<TransactionState> {
  for (let i = 0; i < MAX_TRIES; i++) {
    const open = await stage.untilOpen(sleeper)
    sleeper.life!.signal('SIGSTOP')
    await delay(systemClock, SOCKETS_EMPTY_MS)
    const now = await stage.transaction(sleeper)
    if (now !== null && isSame(now, open)) return now
    sleeper.life!.signal('SIGCONT')
  }
  throw new ChaosFailure(`${MAX_TRIES} pauses in a row met no open transaction`)
}

async function restart(stage: Stage, victim: ChaosInstance, figures: FaultFigures): Promise<string> {
  const tookMs = await stage.start(victim)
  figures.restartMs.push(tookMs)
  return `restart to first commit ${seconds(tookMs)}`
}

function isSame(now: TransactionState, then: TransactionState): boolean {
  return now.state === 'Ongoing' && now.producerEpoch === then.producerEpoch && now.startedAt === then.startedAt
}

function opened({ producerEpoch, partitions }: TransactionState): string {
  return `its transaction open (epoch ${producerEpoch}, ${partitions.length} partitions)`
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
