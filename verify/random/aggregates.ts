/** Random groupings, windows, aggregates, cogroups and suppressions. */
import type { CaseFunction, CaseStore, CaseWindow } from '../cases/case.js'
import type { CaseDraft, StreamDraft, TableDraft } from './draft.js'
import { selector } from './steps.js'

export type WindowKind = NonNullable<CaseWindow['kind']>

export function grouped(draft: CaseDraft, stream: StreamDraft): string {
  if (draft.chance(0.3)) return draft.add({ op: 'groupBy', in: stream.id, mapper: selector(draft, stream) })
  return draft.add({ op: 'groupByKey', in: stream.id })
}

export function randomWindow(draft: CaseDraft, kind: WindowKind): CaseWindow {
  const graceMs = draft.pick([0, 5, 20, 20, 60, 60, 200])
  switch (kind) {
    case 'tumbling':
      return { kind, sizeMs: draft.pick([5, 10, 25]), graceMs }
    case 'hopping': {
      const advanceMs = draft.pick([3, 5, 7])
      return { kind, sizeMs: advanceMs * draft.pick([2, 3]) + draft.pick([0, 1]), advanceMs, graceMs }
    }
    case 'sliding':
      return { kind, timeDifferenceMs: draft.pick([3, 10, 20]), graceMs }
    case 'session':
      return { kind, gapMs: draft.pick([2, 5, 10]), graceMs }
    case 'unlimited':
      return { kind, startMs: draft.pick([0, 30]) }
  }
}

/** `emit` null: as if the strategy were not named. Unlimited windows never close. */
export function windowed(draft: CaseDraft, group: string, window: CaseWindow, emit: 'onWindowClose' | null): string {
  const named = emit ?? (draft.chance(0.3) ? 'onWindowUpdate' : null)
  if (named === null || window.kind === 'unlimited') return draft.add({ op: 'windowedBy', in: group, window })
  return draft.add({ op: 'windowedBy', in: group, window, emit: named })
}

interface Source {
  readonly value: 'number' | 'text'
  readonly nullable: boolean
}

/** What an aggregate over such a stream may be; `window` decides whether null values reach the adder. */
export function aggregated(
  draft: CaseDraft,
  group: string,
  from: Source,
  window: CaseWindow | null,
  storeShare = 0.3,
): TableDraft {
  const store = aggregateStore(draft, window, storeShare)
  const op = draft.pick(['count', 'reduce', 'aggregate'] as const)
  if (op === 'count') return { id: draft.add({ op, in: group, ...store }), value: 'number', window }
  const { value } = from
  const nullsReach = from.nullable && window !== null && window.kind !== 'sliding'
  const numeric = value === 'number' && !nullsReach
  // Java cannot add a null to a number, nor put text behind a number.
  if (value === 'number' && nullsReach) return { id: draft.add({ op: 'count', in: group, ...store }), value, window }
  if (op === 'reduce') {
    const adder: CaseFunction = numeric
      ? { fn: draft.pick(['sum', 'latest', 'subtract']) }
      : draft.pick([{ fn: 'append', sep: '+' }, { fn: 'latest' }])
    return { id: draft.add({ op, in: group, adder, ...store }), value, window }
  }
  const adder = numeric ? { fn: draft.pick(['sum', 'count']) } : { fn: 'append', sep: draft.pick(['+', '']) }
  const init = numeric ? 0 : '0'
  const merging = window?.kind === 'session' ? { merger: randomMerger(draft, numeric) } : {}
  return { id: draft.add({ op, in: group, init, adder, ...merging, ...store }), value, window }
}

function randomMerger(draft: CaseDraft, numeric: boolean): CaseFunction {
  return numeric ? { fn: 'sum' } : draft.pick([{ fn: 'append', sep: '|' }, { fn: 'second' }])
}

function aggregateStore(draft: CaseDraft, window: CaseWindow | null, share: number): { readonly store?: CaseStore } {
  if (!draft.chance(share)) return {}
  const longer = window !== null && window.kind !== 'unlimited' && draft.chance(0.4)
  return { store: draft.store(longer ? { retentionMs: draft.pick([500, 3_600_000]) } : {}) }
}

/** Groups a table again and aggregates it, subtracting what a row contributed before. */
export function regrouped(draft: CaseDraft, table: TableDraft): TableDraft {
  const { value } = table
  const textual = draft.keyType === 'string' && value === 'text'
  if (table.window !== null && !textual) return table
  const fns =
    table.window !== null ? ['valueToKeyAndValue'] : textual ? ['identity', 'valueToKeyAndValue', 'swap'] : ['identity']
  const group = draft.add({ op: 'groupBy', in: table.id, mapper: { fn: draft.pick(fns) } })
  const op = draft.pick(['count', 'reduce', 'aggregate'] as const)
  const store = draft.maybeStore(0.3)
  if (op === 'count') return { id: draft.add({ op, in: group, ...store }), value: 'number', window: null }
  if (value === 'number') {
    const reducing = { adder: { fn: 'sum' }, subtractor: { fn: 'subtract' } }
    // Aggregating, a number can only be added on both sides: the functions of the format know no other.
    const adding = { init: 0, adder: { fn: 'sum' }, subtractor: { fn: draft.pick(['sum', 'count']) } }
    return { id: draft.add({ op, in: group, ...(op === 'reduce' ? reducing : adding), ...store }), value, window: null }
  }
  const adder = { fn: 'append', sep: '+' }
  const subtractor = { fn: 'append', sep: '-' }
  const init = op === 'aggregate' ? { init: '0' } : {}
  // In Java what is removed is a pattern: only words that came as they are mean the same here.
  const plain = draft.nodes.every(({ op }) => ['table', 'filter', 'filterNot', 'mapValues', 'groupBy'].includes(op))
  const removing = op === 'aggregate' && plain && draft.chance(0.3) ? { fn: 'removeAll' } : subtractor
  return { id: draft.add({ op, in: group, ...init, adder, subtractor: removing, ...store }), value, window: null }
}

/** One to three grouped streams of numbers or of text into one aggregate. */
export function cogrouped(draft: CaseDraft, window: CaseWindow | null): TableDraft {
  const value = draft.domain()
  const count = 1 + draft.random.int(3)
  const groups = Array.from({ length: count }, (_, i) => {
    const stream = draft.stream(
      `in${i}`,
      value,
      window === null || window.kind === 'sliding' ? draft.chance(0.3) : false,
    )
    // Java names the repartition topics of all groups alike, and so takes one at most.
    return i === 0 ? grouped(draft, stream) : draft.add({ op: 'groupByKey', in: stream.id })
  })
  const aggregators = groups.map(
    (_, i): CaseFunction =>
      value === 'number' ? { fn: draft.pick(['sum', 'count']) } : { fn: 'append', sep: ['+', '-', '/'][i]! },
  )
  let group = draft.add({ op: 'cogroup', in: groups, aggregators })
  if (window !== null) group = draft.add({ op: 'windowedBy', in: group, window })
  const merging = window?.kind === 'session' ? { merger: randomMerger(draft, value === 'number') } : {}
  const init = value === 'number' ? 0 : '0'
  const id = draft.add({ op: 'aggregate', in: group, init, ...merging, ...aggregateStore(draft, window, 0.3) })
  return { id, value, window }
}

/** Until the window closes on a windowed table, until a time limit on any. */
export function suppressed(draft: CaseDraft, table: TableDraft, until: 'windowCloses' | 'timeLimit'): TableDraft {
  if (until === 'windowCloses') {
    return { ...table, id: draft.add({ op: 'suppress', in: table.id, until }), final: true }
  }
  const bound = draft.pick([{}, {}, { maxRecords: draft.pick([1, 2]) }, { maxBytes: draft.pick([100, 300]) }])
  const limitMs = draft.pick([0, 5, 30, 100])
  return { ...table, id: draft.add({ op: 'suppress', in: table.id, until, limitMs, ...bound }) }
}
