/** The shapes of a random topology, each with its weight. Add a row for a new operator. */
import {
  aggregated,
  cogrouped,
  grouped,
  randomWindow,
  regrouped,
  suppressed,
  type WindowKind,
  windowed,
} from './aggregates.js'
import type { CaseDraft, StreamDraft, TableDraft } from './draft.js'
import {
  foreignKeyJoin,
  globalTableJoin,
  type JoinKind,
  streamStreamJoin,
  streamTableJoin,
  tableTableJoin,
  versionedJoin,
} from './joins.js'
import { rekeyed, streamSteps, tableSteps } from './steps.js'

/** Builds a topology into the draft; returns the ids whose records are the output. */
type Build = (draft: CaseDraft) => readonly string[]

interface Shape {
  readonly weight: number
  readonly build: Build
}

const ids = (table: { readonly id: string }) => [table.id]

function groupedStream(
  draft: CaseDraft,
  nullableShare = 0.4,
): { readonly stream: StreamDraft; readonly group: string } {
  const nullable = draft.chance(nullableShare)
  const first = draft.stream('in', draft.domain(), nullable)
  const stream = rekeyed(draft, streamSteps(draft, first), 0.25)
  return { stream, group: grouped(draft, stream) }
}

function plainAggregate(draft: CaseDraft): readonly string[] {
  const { stream, group } = groupedStream(draft)
  return ids(tableSteps(draft, maybeRegrouped(draft, aggregated(draft, group, stream, null))))
}

function maybeRegrouped(draft: CaseDraft, table: TableDraft): TableDraft {
  return draft.chance(0.3) ? regrouped(draft, table) : table
}

/** An aggregate per window, on update or on close. */
function inWindows(kind: WindowKind, onCloseShare: number): Build {
  return (draft) => {
    const { stream, group } = groupedStream(draft, 0.25)
    let window = randomWindow(draft, kind)
    const emit = draft.chance(onCloseShare) ? ('onWindowClose' as const) : null
    if (emit !== null && draft.chance(0.85)) {
      // A jump beyond the retention loses results in Kafka Streams: a few of those say as much as many.
      draft.jumpShare = 0
      window = { ...window, graceMs: Math.max(20, window.graceMs ?? 0) }
    }
    const table = aggregated(draft, windowed(draft, group, window, emit), stream, window)
    return ids(tableSteps(draft, maybeRegrouped(draft, table)))
  }
}

/** Final results: what suppress lets out once a window is closed. */
function suppressedWindows(draft: CaseDraft): readonly string[] {
  const { stream, group } = groupedStream(draft, 0.25)
  const window = randomWindow(draft, draft.pick(['tumbling', 'hopping', 'sliding', 'session'] as const))
  // Without a store of its own, Java's count does not know the serdes its suppression needs.
  const table = aggregated(draft, windowed(draft, group, window, null), stream, window, 1)
  const early = draft.chance(0.3) ? tableSteps(draft, table) : table
  return ids(suppressed(draft, early, 'windowCloses'))
}

function timeLimited(draft: CaseDraft): readonly string[] {
  const { stream, group } = groupedStream(draft)
  const table = draft.chance(0.3)
    ? tableSteps(draft, draft.table('rows', draft.domain()))
    : aggregated(draft, group, stream, null)
  const held = suppressed(draft, table, 'timeLimit')
  return ids(maybeRegrouped(draft, held))
}

function cogroups(draft: CaseDraft): readonly string[] {
  const kind = draft.pick([null, 'tumbling', 'hopping', 'sliding', 'session'] as const)
  return ids(tableSteps(draft, cogrouped(draft, kind === null ? null : randomWindow(draft, kind))))
}

function tables(draft: CaseDraft): readonly string[] {
  const versioned = draft.chance(0.2) ? { kind: 'versioned' as const, historyRetentionMs: draft.pick([30, 1000]) } : {}
  const table = tableSteps(draft, draft.table('in', draft.domain(), 0.3, versioned), 0.4)
  return ids(tableSteps(draft, draft.chance(0.7) ? regrouped(draft, table) : table))
}

/** A stream becomes a table, which may become a stream again. */
function toTable(draft: CaseDraft): readonly string[] {
  const stream = rekeyed(draft, streamSteps(draft, draft.stream('in', draft.domain())), 0.4)
  const id = draft.add({ op: 'toTable', in: stream.id, ...draft.maybeStore(0.4) })
  const table = maybeRegrouped(draft, tableSteps(draft, { id, value: stream.value, window: null }))
  if (draft.chance(0.5)) return ids(table)
  return [draft.add({ op: 'toStream', in: table.id })]
}

function stateless(draft: CaseDraft): readonly string[] {
  const stream = rekeyed(draft, streamSteps(draft, draft.stream('in', draft.domain())), 0.8)
  return draft.chance(0.5) ? ids(stream) : ids(streamSteps(draft, stream))
}

/** A join's rows, as they are or counted per key. */
function joinOfStreams(join: (draft: CaseDraft, kind: JoinKind) => StreamDraft, kinds: readonly JoinKind[]): Build {
  return (draft) => {
    const stream = join(draft, draft.pick(kinds))
    if (draft.chance(0.75)) return ids(streamSteps(draft, stream))
    return ids(aggregated(draft, draft.add({ op: 'groupByKey', in: stream.id }), stream, null))
  }
}

function joinOfTables(join: (draft: CaseDraft, kind: JoinKind) => TableDraft, kinds: readonly JoinKind[]): Build {
  return (draft) => ids(maybeRegrouped(draft, tableSteps(draft, join(draft, draft.pick(kinds)))))
}

const SHAPES: readonly Shape[] = [
  { weight: 8, build: plainAggregate },
  { weight: 7, build: inWindows('tumbling', 0.35) },
  { weight: 6, build: inWindows('hopping', 0.35) },
  { weight: 6, build: inWindows('sliding', 0.3) },
  { weight: 7, build: inWindows('session', 0.3) },
  { weight: 3, build: inWindows('unlimited', 0) },
  { weight: 6, build: suppressedWindows },
  { weight: 5, build: timeLimited },
  { weight: 6, build: cogroups },
  { weight: 7, build: tables },
  { weight: 4, build: toTable },
  { weight: 4, build: stateless },
  { weight: 9, build: joinOfStreams(streamStreamJoin, ['inner', 'left', 'outer']) },
  { weight: 5, build: joinOfStreams(streamTableJoin, ['inner', 'left']) },
  { weight: 6, build: joinOfStreams(versionedJoin, ['inner', 'left']) },
  { weight: 5, build: joinOfStreams(globalTableJoin, ['inner', 'left']) },
  { weight: 9, build: joinOfTables(tableTableJoin, ['inner', 'left', 'outer']) },
  { weight: 7, build: joinOfTables(foreignKeyJoin, ['inner', 'left']) },
]

const TOTAL_WEIGHT = SHAPES.reduce((sum, { weight }) => sum + weight, 0)

export function buildShape(draft: CaseDraft): readonly string[] {
  let left = draft.random.next() * TOTAL_WEIGHT
  for (const { weight, build } of SHAPES) {
    left -= weight
    if (left < 0) return build(draft)
  }
  return SHAPES[0]!.build(draft)
}
