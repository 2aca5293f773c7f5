/** Random joins of every kind. */
import type { CaseFunction } from '../cases/case.js'
import type { CaseDraft, StreamDraft, TableDraft } from './draft.js'
import { rekeyed, streamSteps, tableSteps } from './steps.js'

export type JoinKind = 'inner' | 'left' | 'outer'

function joiner(draft: CaseDraft): CaseFunction {
  return draft.pick([{ fn: 'concat', sep: '-' }, { fn: 'concat', sep: '+' }, { fn: 'pair' }])
}

export function streamStreamJoin(draft: CaseDraft, kind: JoinKind): StreamDraft {
  const left = rekeyed(draft, streamSteps(draft, draft.stream('left', draft.domain())), 0.15)
  const self = draft.chance(0.1)
  const right = self ? left : rekeyed(draft, streamSteps(draft, draft.stream('right', draft.domain())), 0.15)
  const beforeMs = draft.pick([0, 5, 20, 50])
  const afterMs = draft.chance(0.5) ? beforeMs : draft.pick([0, 5, 20, 50])
  const graceMs = draft.pick([20, 60, 150, 400])
  // Late beyond the window, an unmatched record goes out at once in Kafka Streams: a few of those say as much as many.
  if (kind !== 'inner' && draft.chance(0.92)) draft.lateMs = Math.max(1, Math.min(beforeMs, afterMs))
  const window = { beforeMs, afterMs, graceMs }
  const id = draft.add({ op: 'join', kind, in: [left.id, right.id], window, joiner: joiner(draft) })
  return { id, value: 'text', nullable: false }
}

export function streamTableJoin(draft: CaseDraft, kind: JoinKind): StreamDraft {
  const stream = rekeyed(draft, streamSteps(draft, draft.stream('left', draft.domain())), 0.3)
  const table = tableSteps(draft, draft.table('right', draft.domain()))
  const id = draft.add({ op: 'join', kind, in: [stream.id, table.id], joiner: joiner(draft) })
  return { id, value: 'text', nullable: false }
}

/** As of the record's time; with grace the stream waits in a buffer. */
export function versionedJoin(draft: CaseDraft, kind: JoinKind): StreamDraft {
  const stream = streamSteps(draft, draft.stream('left', draft.domain()))
  const historyRetentionMs = draft.pick([30, 100, 1000])
  const table = draft.table('right', draft.domain(), 0, { kind: 'versioned', historyRetentionMs })
  const grace: { readonly graceMs?: number } = draft.chance(0.5)
    ? { graceMs: draft.pick([0, 5, 20].filter((ms) => ms <= historyRetentionMs)) }
    : {}
  // Java's buffer throws on a null key, also where the join is a left one.
  if (grace.graceMs !== undefined) draft.nullKeys = false
  const id = draft.add({ op: 'join', kind, in: [stream.id, table.id], joiner: joiner(draft), ...grace })
  return { id, value: 'text', nullable: false }
}

export function globalTableJoin(draft: CaseDraft, kind: JoinKind): StreamDraft {
  const stream = streamSteps(draft, draft.stream('left', draft.domain()))
  draft.topics.set('global', { domain: draft.domain(), nullable: true })
  const table = draft.add({ op: 'globalTable', topic: 'global' })
  const textual = draft.keyType === 'string' && stream.value === 'text'
  const fns: readonly CaseFunction[] = !textual
    ? [{ fn: 'key' }, { fn: 'key' }, { fn: 'null' }]
    : stream.nullable
      ? [{ fn: 'key' }, { fn: 'value' }]
      : [{ fn: 'key' }, { fn: 'value' }, { fn: 'null' }, { fn: 'nullIfValueContains', value: 'b' }]
  const keySelector = draft.pick(fns)
  const id = draft.add({ op: 'join', kind, in: [stream.id, table], keySelector, joiner: joiner(draft) })
  return { id, value: 'text', nullable: false }
}

/** Two or three tables, some versioned, one maybe joined with itself. */
export function tableTableJoin(draft: CaseDraft, kind: JoinKind): TableDraft {
  const left = joinSide(draft, 'left')
  const right = draft.chance(0.1) ? left : joinSide(draft, 'right')
  const first = joined(draft, kind, left, right)
  if (!draft.chance(0.3)) return first
  const third = draft.chance(0.3) ? right : joinSide(draft, 'third')
  const other = draft.pick(['inner', 'left', 'outer'] as const)
  return draft.chance(0.5) ? joined(draft, other, first, third) : joined(draft, other, third, first)
}

function joinSide(draft: CaseDraft, topic: string): TableDraft {
  const versioned = draft.chance(0.15)
  if (!versioned) return tableSteps(draft, draft.table(topic, draft.domain()))
  return draft.table(topic, draft.domain(), 0, { kind: 'versioned', historyRetentionMs: draft.pick([30, 1000]) })
}

function joined(draft: CaseDraft, kind: JoinKind, left: TableDraft, right: TableDraft): TableDraft {
  const node = { op: 'join', kind, in: [left.id, right.id], joiner: joiner(draft), ...draft.maybeStore(0.3) }
  return { id: draft.add(node), value: 'text', window: null }
}

/** Left values carry the foreign key behind a bar. */
export function foreignKeyJoin(draft: CaseDraft, kind: JoinKind): TableDraft {
  // Foreign keys are cut out of text.
  draft.keyType = 'string'
  const versioned = () => (draft.chance(0.15) ? { kind: 'versioned' as const, historyRetentionMs: 1000 } : {})
  const left = draft.table('left', 'reference', 0.3, versioned())
  const right = draft.table('right', draft.domain(), 0.3, versioned())
  const foreignKey = { fn: 'afterPipe', nullWhen: 'none' }
  const id = draft.add({
    op: 'foreignKeyJoin',
    kind,
    in: [left.id, right.id],
    foreignKey,
    joiner: joiner(draft),
    ...draft.maybeStore(0.3),
  })
  return { id, value: 'text', window: null }
}
