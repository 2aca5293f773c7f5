/** The variants of a seed: each adds one kind of fault or load, and the default mix selects some of them. */
import { initProducerIdApi, joinGroupApi, offsetFetchApi, syncGroupApi } from '../../protocol/index.js'
import type { Random } from '../../record/random.js'
import { seededRandom } from '../../record/random.js'
import {
  addSteps,
  anyMember,
  anyTime,
  at,
  cameAndWent,
  type Draft,
  FROM,
  rolled,
  slow,
  span,
  TO,
  type Variant,
  withFaults,
} from './draft.js'
import { drawFaults, USUAL_KINDS } from './faults.js'
import { AT_MOMENTS } from './moments.js'
import type { MemberPlan, SimPlan, StepPlan } from './plan.js'
import { VERSIONS } from './topology.js'

/** What every seed has at least. */
const MINIMUMS = { records: 2_000, commits: 20, faults: 3 } as const
/** With a steady stream of single records each one costs more. */
const STEADY_RECORDS = 1_200
/** No seed is longer. */
const MOST_MS = 30_000

export const VARIANTS: Readonly<Record<string, Variant>> = {
  small: {
    what: 'a quarter of the records in a third of the time, for a quick run',
    share: 0.4,
    draw: (draft) => {
      draft.durationMs = Math.round(draft.durationMs / 3)
      draft.input = { records: MINIMUMS.records / 4, rounds: Math.ceil(draft.input.rounds / 3) }
      draft.least = { records: MINIMUMS.records / 4, commits: 10, faults: 0 }
      draft.faults = draft.faults.map((fault) => ({ ...fault, armedMs: Math.round(fault.armedMs / 3) }))
    },
  },
  steady: {
    what: 'single records arrive all the time, without a pause',
    share: 0.08,
    draw: (draft, random) => {
      draft.durationMs = 8_000 + random.int(6_000)
      draft.input = { records: STEADY_RECORDS, rounds: 0 }
      draft.least = { records: STEADY_RECORDS, commits: 20, faults: 0 }
      draft.faults = draft.faults.map((fault) => ({ ...fault, armedMs: Math.round(fault.armedMs / 2) }))
    },
  },
  quiet: {
    what: 'no faults: every deadline counts from the start',
    share: 0.08,
    draw: (draft) => {
      draft.faults = []
      draft.least = { ...draft.least, faults: 0 }
    },
  },
  dynamic: {
    what: 'dynamic members join and leave again soon',
    share: 0.25,
    draw: (draft, random) => {
      draft.members = draft.members.map((member, i) => ({ ...member, disk: i === 0 || random.next() < 0.5 }))
      addSteps(draft, cameAndWent(draft, random, 3 + random.int(4)))
    },
  },
  rolling: {
    what: 'all members are restarted one after the other, twice',
    share: 0.12,
    draw: (draft, random) => addSteps(draft, rolled(draft, random, 2)),
  },
  scale: {
    what: 'the group grows to twice its size and shrinks again',
    share: 0.08,
    draw: (draft, random) => {
      const more = 2 + random.int(3)
      const between = (draft.durationMs * (TO - FROM)) / (2 * more + 1)
      const steps: StepPlan[] = []
      for (let i = 0; i < more; i++) {
        const name = `more${i}`
        steps.push({ atMs: at(draft, i * between), kind: 'join', name })
        steps.push({ atMs: at(draft, (2 * more - i) * between), kind: 'leave', name })
      }
      addSteps(draft, steps)
    },
  },
  'compatible-version': {
    what: 'a rolling restart brings another version of the topology with the same tasks',
    share: 0.06,
    draw: (draft, random) => addSteps(draft, rolled(draft, random, 1, VERSIONS.compatible)),
  },
  'incompatible-version': {
    what: 'one member restarts with a version that has other tasks, and later with the old version',
    share: 0.05,
    draw: (draft, random) => {
      const name = anyMember(draft, random)
      const downMs = 100 + random.int(500)
      const version = VERSIONS.incompatible
      const awayMs = 0.4 * draft.durationMs
      addSteps(draft, [
        { atMs: at(draft, 0), kind: 'restart', name, downMs, leaveGroup: true, version },
        { atMs: at(draft, awayMs), kind: 'restart', name, downMs, leaveGroup: true, version: VERSIONS.first },
      ])
    },
  },
  foreigner: {
    what: 'a member with unreadable subscription data joins the group for a while',
    share: 0.06,
    draw: (draft, random) => {
      const forMs = 1_000 + random.int(4_000)
      addSteps(draft, [{ atMs: anyTime(draft, random), kind: 'foreigner', name: 'foreigner', forMs }])
    },
  },
  'start-twice': {
    what: 'start() is called on a running instance',
    share: 0.04,
    draw: (draft, random) => {
      const name = anyMember(draft, random)
      const downMs = 100 + random.int(500)
      const atMs = at(draft, 0.2 * draft.durationMs)
      addSteps(draft, [
        { atMs, kind: 'startTwice', name },
        { atMs: atMs + 2_000, kind: 'restart', name, downMs, leaveGroup: true },
      ])
    },
  },
  'close-in-outage': {
    what: 'a member closes while the broker is down',
    share: 0.05,
    draw: (draft, random) => {
      const atMs = anyTime(draft, random)
      const outage = { kind: 'coordinatorRestart', apiKey: null, moment: 'request', strength: 0, length: 12 } as const
      draft.faults = [...draft.faults, { ...outage, armedMs: atMs }]
      const step = {
        kind: 'restart',
        name: anyMember(draft, random),
        downMs: 500,
        leaveGroup: random.next() < 0.5,
      } as const
      addSteps(draft, [{ ...step, atMs: atMs + 50 + random.int(2_000) }])
    },
  },
  'slow-open': {
    what: 'opening a store takes seconds',
    share: 0.12,
    draw: (draft, random) => slow(draft, { open: span(random, 500, 4_000) }),
  },
  'slow-disk': {
    what: 'writing and closing a store are slow',
    share: 0.12,
    draw: (draft, random) => slow(draft, { write: span(random, 50, 600), close: span(random, 50, 1_500) }),
  },
  'slow-restore': {
    what: 'a restore takes many fetches, each of them slow',
    share: 0.1,
    draw: (draft, random) => slow(draft, { inPieces: ['restore'], lanes: { restore: span(random, 5, 60) } }),
  },
  'slow-network': {
    what: 'some connections are slow',
    share: 0.1,
    draw: (draft, random) => {
      const lanes = (['fetch', 'fetch-prompt', 'restore', 'produce', 'group', 'admin'] as const)
        .filter(() => random.next() < 0.5)
        .map((lane) => [lane, span(random, 5, 150)])
      slow(draft, { lanes: Object.fromEntries(lanes) })
    },
  },
  'slow-coordinator': {
    what: 'joining, syncing, reading offsets and initialising a producer are slow',
    share: 0.1,
    draw: (draft, random) => {
      const apis = [initProducerIdApi, joinGroupApi, syncGroupApi, offsetFetchApi]
        .filter(() => random.next() < 0.6)
        .map(({ key }) => [key, span(random, 50, 900)])
      slow(draft, { apis: Object.fromEntries(apis) })
    },
  },
  'slow-code': {
    what: 'user code is slow for some records',
    share: 0.08,
    draw: (draft, random) => {
      draft.userCode = { ...draft.userCode, slowEvery: 40 + random.int(60), slowMs: 50 + random.int(200) }
    },
  },
  retry: {
    what: 'user code throws, and the record is retried',
    share: 0.12,
    draw: (draft, random) => {
      draft.userCode = { ...draft.userCode, throwEvery: 20 + random.int(100), throws: 1 + random.int(3) }
    },
  },
  latest: {
    what: 'offsetReset is latest, and the source has committed offsets',
    share: 0.15,
    draw: (draft) => {
      draft.offsetReset = 'latest'
    },
  },
  'at-least-once': {
    what: 'the guarantee is atLeastOnce: no record is lost',
    share: 0.06,
    draw: (draft) => {
      draft.guarantee = 'atLeastOnce'
    },
  },
  'broker-errors': withFaults('brokers answer with all of their error codes', 0.15, ['brokerError'], 6),
  leaders: withFaults('leaders move', 0.1, ['leaderMove'], 3),
  trim: withFaults('changelogs lose records that are no longer needed', 0.1, ['trim'], 3),
  clocks: withFaults('wall clocks jump forward and back', 0.1, ['clockJump'], 3),
  'hurt-disk': withFaults('the contents of a disk become unreadable', 0.08, ['diskHurt', 'kill'], 3),
  'full-disk': withFaults('a disk is full for a while', 0.08, ['diskFull'], 3),
  'locked-disk': withFaults('an earlier process still locks the folders for a while', 0.08, ['diskLocked'], 3),
  drawn: {
    what: 'the topology is a random one of the conformance tests',
    share: 0.3,
    draw: (draft, random) => {
      draft.topology = 1 + random.int(1_000_000)
      draft.cached = false
      draft.durationMs = 6_000 + random.int(6_000)
      draft.input = { records: 0, rounds: draft.input.rounds === 0 ? 0 : 30 }
      draft.userCode = { slowEvery: 0, slowMs: 0, throwEvery: 0, throws: 0 }
      // A commit for every few records, so that faults and steps find many.
      draft.slow = { ...draft.slow, inPieces: ['fetch', 'fetch-prompt', 'restore'] }
      draft.least = { records: 100, commits: 3, faults: 0 }
      // They are made for the topology written by hand.
      draft.faults = draft.faults
        .filter(({ kind }) => kind !== 'trim')
        .map((fault) => ({ ...fault, armedMs: Math.round(draft.durationMs * (fault.armedMs / MOST_MS)) }))
      draft.steps = draft.steps
        .filter((step) => step.kind !== 'restart' || step.version === undefined)
        .map((step) => ({ ...step, atMs: Math.round(draft.durationMs * (step.atMs / MOST_MS)) }))
    },
  },
  ...AT_MOMENTS,
  // Behind the others: what they draw stays as it was.
  'unlisted-leader': withFaults('metadata name leaders that they do not list', 0.05, ['leaderUnlisted'], 3),
}

/** Draws a plan from a seed. `variant`: names joined by commas, or `mix` (default) for a mixture. */
export function drawPlan(seed: number, variant = 'mix'): SimPlan {
  const random = seededRandom(`seed ${seed}/plan`)
  const draft = usual(seed, variant, random)
  const named = variant === 'mix' || variant === 'base' ? [] : variant.split(',')
  for (const [name, { share, draw }] of Object.entries(VARIANTS)) {
    const mixed = variant === 'mix' && random.next() < share
    // Each draws for itself, so that one more does not change the others.
    if (mixed || named.includes(name)) draw(draft, seededRandom(`seed ${seed}/${name}`))
  }
  return { ...draft, steps: [...draft.steps].sort((a, b) => a.atMs - b.atMs) }
}

/** Names in `text` that are no variant. */
export function unknownVariants(text: string): string[] {
  return text.split(',').filter((name) => name !== 'mix' && name !== 'base' && !(name in VARIANTS))
}

function usual(seed: number, variant: string, random: Random): Draft {
  const durationMs = 15_000 + random.int(15_000)
  const count = 2 + (random.next() < 0.3 ? 1 : 0)
  const members = Array.from({ length: count }, (_, i): MemberPlan => {
    const startMs = i === 0 ? 0 : random.int(3_000)
    return { name: String.fromCharCode(97 + i), startMs, disk: true }
  })
  // A swarm: each seed knows some of the kinds only, so that each gets the whole stage now and then.
  const kinds = USUAL_KINDS.filter(() => random.next() < 0.6)
  if (kinds.length === 0) kinds.push(USUAL_KINDS[random.int(USUAL_KINDS.length)]!)
  return {
    seed,
    variant,
    deadlines: true,
    durationMs,
    latencyMs: 1 + random.int(8),
    markerDelayMs: random.next() < 0.4 ? 0 : 20 + random.int(400),
    times: {
      sessionTimeoutMs: 2_000 + random.int(4_000),
      transactionTimeoutMs: 2_000 + random.int(8_000),
      requestTimeoutMs: 1_500 + random.int(3_000),
    },
    guarantee: 'exactlyOnce',
    offsetReset: 'earliest',
    cached: random.next() < 0.5,
    commitBytes: 16 * 1024 * 1024,
    topology: null,
    observed: random.next() < 0.5 ? 'totals' : 'windows',
    input: { records: MINIMUMS.records, rounds: 40 + random.int(30) },
    members,
    steps: [],
    faults: drawFaults(random, kinds, 3 + random.int(6), durationMs * FROM, durationMs * TO),
    slow: {},
    userCode: { slowEvery: 0, slowMs: 0, throwEvery: 0, throws: 0 },
    least: MINIMUMS,
  }
}
