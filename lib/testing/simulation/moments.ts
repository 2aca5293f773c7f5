/** Variants for moments of the protocol that random faults rarely reach. They run only by name. */
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  endTxnApi,
  initProducerIdApi,
  produceApi,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../../protocol/index.js'
import type { Random } from '../../record/random.js'
import {
  addSteps,
  anyMember,
  anyTime,
  at,
  type Draft,
  FROM,
  slow,
  span,
  TO,
  type Variant,
  withFaults,
} from './draft.js'
import type { Fault } from './faults.js'
import type { StepPlan } from './plan.js'

const TRANSACTION_REQUESTS = [
  endTxnApi,
  endTxnApi,
  produceApi,
  txnOffsetCommitApi,
  addPartitionsToTxnApi,
  addOffsetsToTxnApi,
]

/** When a partition or a group has something of an open transaction. */
const WITHIN = [produceApi, txnOffsetCommitApi]

export const AT_MOMENTS: Readonly<Record<string, Variant>> = {
  kills: withFaults('processes are killed often', 0, ['kill'], 6),
  outages: withFaults('the coordinators are often unavailable', 0, ['coordinatorRestart'], 6),
  closes: withFaults('members close at moments of the protocol', 0, ['close'], 6),
  'power-cuts': {
    what: 'a member restarts, and the power fails before it has its tasks: unsynced data is lost from some point on',
    share: 0,
    draw: (draft, random) => {
      const betweenMs = (draft.durationMs * (TO - FROM)) / 3
      for (let i = 0; i < 3; i++) {
        const atMs = at(draft, (i + random.next()) * betweenMs)
        const name = anyMember(draft, random)
        addSteps(draft, [{ atMs, kind: 'restart', name, downMs: 200, leaveGroup: false }])
        const kill = { ...atMoment(initProducerIdApi.key, 'answer', random), kind: 'kill' as const, strength: 0.6 }
        addFaults(draft, [{ ...kill, armedMs: atMs, length: 0.1 }])
      }
    },
  },
  'cut-transactions': {
    what: 'members are killed within a transaction, and half of them restart as new members',
    share: 0,
    draw: (draft, random) => {
      const faults = Array.from({ length: 3 + random.int(3) }, (): Fault => {
        const { key } = WITHIN[random.int(WITHIN.length)]!
        const strength = random.next() < 0.5 ? 0.2 : 0.95
        return { ...atMoment(key, 'answer', random), kind: 'kill', armedMs: anyTime(draft, random), strength }
      })
      addFaults(draft, faults)
    },
  },
  'cut-decisions': {
    what: 'the broker is killed after it has decided how a transaction ends and before all markers are written',
    share: 0,
    draw: (draft, random) => {
      draft.markerDelayMs = 200 + random.int(400)
      const faults = Array.from({ length: 3 + random.int(3) }, (): Fault => {
        const fault = { ...atMoment(endTxnApi.key, 'answer', random), kind: 'coordinatorRestart' as const }
        return { ...fault, armedMs: anyTime(draft, random), strength: 0.2 }
      })
      addFaults(draft, faults)
    },
  },
  'early-kill': {
    what: 'a member is killed as soon as its first transactions have ended',
    share: 0,
    draw: (draft, random) => {
      const strikes = Array.from({ length: 3 }, () => ({
        ...atMoment(endTxnApi.key, 'answer', random),
        kind: 'kill' as const,
      }))
      addFaults(
        draft,
        strikes.map((fault) => ({ ...fault, armedMs: random.int(3_000) })),
      )
    },
  },
  'late-requests': {
    what: 'requests of transactions arrive after their sender has given up',
    share: 0,
    draw: (draft, random) => {
      // There is time to repeat what was not answered.
      const requestTimeoutMs = 800 + random.int(1_200)
      draft.times = { ...draft.times, requestTimeoutMs, transactionTimeoutMs: 8_000 + random.int(4_000) }
      // A transaction is open most of the time.
      slow(draft, { lanes: { produce: span(random, 20, 60) } })
      const faults = Array.from({ length: 6 + random.int(6) }, (): Fault => {
        const { key } = TRANSACTION_REQUESTS[random.int(TRANSACTION_REQUESTS.length)]!
        const strength = 0.4 + 0.4 * random.next()
        return { ...atMoment(key, 'request', random), kind: 'delay', armedMs: anyTime(draft, random), strength }
      })
      addFaults(draft, faults)
    },
  },
  'slow-markers': {
    what: 'the end of a transaction is slow on every partition',
    share: 0,
    draw: (draft, random) => {
      draft.markerDelayMs = 300 + random.int(700)
    },
  },
  'missed-generation': {
    what: 'a member misses a generation in which other members run its tasks',
    share: 0,
    draw: (draft, random) => {
      const betweenMs = (draft.durationMs * (TO - FROM)) / 6
      for (let i = 0; i < 6; i++) {
        const atMs = at(draft, i * betweenMs)
        const name = `short${i}`
        // The group needs up to a heartbeat to let it in, and again to notice who has to join once more.
        const leaveMs = atMs + 600 + random.int(1_400)
        addSteps(draft, [
          { atMs, kind: 'join', name },
          { atMs: leaveMs, kind: 'leave', name },
        ])
        addFaults(draft, [
          { ...atMoment(syncGroupApi.key, 'answer', random), kind: 'lostResponse', armedMs: atMs, strength: 0.25 },
        ])
      }
    },
  },
  'close-on-error': {
    what: 'user code throws, the record is retried, and the application closes the instance because of it',
    share: 0,
    draw: (draft, random) => {
      draft.userCode = { ...draft.userCode, throwEvery: 150 + random.int(100), throws: 1, closes: true }
    },
  },
  away: {
    what: 'a member is away for a moment, and meanwhile changelogs lose records that no member needs',
    share: 0,
    draw: (draft, random) => {
      // The others continue soon: what they delete is still in the store of the one that is away.
      draft.times = { ...draft.times, sessionTimeoutMs: 2_000 }
      const betweenMs = (draft.durationMs * (TO - FROM)) / 4
      for (let i = 0; i < 4; i++) {
        const atMs = at(draft, i * betweenMs)
        const downMs = 600 + random.int(800)
        const step: StepPlan = { atMs, kind: 'restart', name: anyMember(draft, random), downMs, leaveGroup: true }
        addSteps(draft, [step])
        const trims = Array.from({ length: 4 }, (): Fault => {
          const fault = { ...atMoment(null, 'request', random), kind: 'trim' as const }
          // The last third of the changelogs are those of sessions: rows come and go.
          const strength = (2 + random.next()) / 3
          return { ...fault, strength, armedMs: atMs + 500 + random.int(downMs) }
        })
        addFaults(draft, trims)
      }
    },
  },
}

function atMoment(apiKey: number | null, moment: Fault['moment'], random: Random): Omit<Fault, 'kind' | 'armedMs'> {
  return { apiKey, moment, strength: random.next(), length: random.next() }
}

function addFaults(draft: Draft, faults: readonly Fault[]): void {
  draft.faults = [...draft.faults, ...faults]
}
