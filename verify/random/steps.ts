/** Random steps along a stream or a table that keep its values of a known type. */
import type { CaseDraft, StreamDraft, TableDraft } from './draft.js'

/** Up to two stateless operators that keep keys. */
export function streamSteps(draft: CaseDraft, from: StreamDraft): StreamDraft {
  let stream = from
  while (draft.chance(0.35)) stream = streamStep(draft, stream)
  return stream
}

function streamStep(draft: CaseDraft, stream: StreamDraft): StreamDraft {
  const { id, value, nullable } = stream
  const op = draft.pick(['filter', 'filterNot', 'mapValues', 'merge'] as const)
  if (op === 'merge') {
    const other = draft.stream(`merged${draft.topics.size}`, value, nullable)
    return { ...stream, id: draft.add({ op, in: [id, other.id] }) }
  }
  if (op !== 'mapValues') {
    if (value === 'text') {
      const fn = nullable || draft.chance(0.5) ? 'equals' : 'valueLengthGreaterThan'
      const predicate = { fn, value: fn === 'equals' ? draft.pick(['a', 'ab']) : 1 }
      return { ...stream, id: draft.add({ op, in: id, predicate }) }
    }
    return nullable ? stream : { ...stream, id: draft.add({ op, in: id, predicate: { fn: 'even' } }) }
  }
  if (value === 'number') return stream
  if (nullable) {
    const mapper = { fn: 'prepend', value: 'p' }
    return { id: draft.add({ op, in: id, mapper }), value: 'text', nullable: false }
  }
  const fn = draft.pick(['toUpper', 'prepend', 'length', 'charAt0'])
  const mapper = fn === 'prepend' ? { fn, value: 'p' } : { fn }
  const numeric = fn === 'length' || fn === 'charAt0'
  return { id: draft.add({ op, in: id, mapper }), value: numeric ? 'number' : 'text', nullable: false }
}

/** Re-keys the stream where its keys and values allow it. */
export function rekeyed(draft: CaseDraft, stream: StreamDraft, share: number): StreamDraft {
  if (!draft.chance(share)) return stream
  const { id, value, nullable } = stream
  if (draft.chance(0.4)) return { ...stream, id: draft.add({ op: 'repartition', in: id }) }
  if (draft.chance(0.5))
    return { ...stream, id: draft.add({ op: 'selectKey', in: id, mapper: selector(draft, stream) }) }
  const textual = draft.keyType === 'string' && value === 'text'
  const fn = textual ? draft.pick(['identity', 'swap', 'valueToKeyAndValue']) : 'identity'
  // Swapped, a null key becomes a null value.
  const nullableNow = nullable || fn === 'swap'
  return { id: draft.add({ op: 'map', in: id, mapper: { fn } }), value, nullable: nullableNow }
}

/** A key for every record, null for some. */
export function selector(draft: CaseDraft, stream: StreamDraft): { fn: string; value?: string } {
  if (draft.keyType !== 'string' || stream.value !== 'text') return { fn: 'key' }
  if (stream.nullable) return { fn: draft.pick(['key', 'value']) }
  return draft.pick([{ fn: 'key' }, { fn: 'value' }, { fn: 'value' }, { fn: 'nullIfValueContains', value: 'b' }])
}

/** Up to two operators on a table. A windowed table gets no store of its own: cases carry no serde for its keys. */
export function tableSteps(draft: CaseDraft, from: TableDraft, storeShare = 0.35): TableDraft {
  let table = from
  while (draft.chance(0.3)) table = tableStep(draft, table, table.window === null ? storeShare : 0)
  return table
}

function tableStep(draft: CaseDraft, table: TableDraft, storeShare: number): TableDraft {
  const { id, value } = table
  const store = draft.maybeStore(storeShare)
  const op = draft.pick(['filter', 'filterNot', 'mapValues'] as const)
  if (op !== 'mapValues') {
    const textPredicate = draft.pick([
      { fn: 'valueLengthGreaterThan', value: draft.pick([1, 3]) },
      { fn: 'equals', value: 'a' },
    ])
    const predicate = value === 'number' ? { fn: 'even' } : textPredicate
    return { ...table, id: draft.add({ op, in: id, predicate, ...store }) }
  }
  if (value === 'number') return table
  const fn = draft.pick(['toUpper', 'length', 'prepend'])
  const mapper = fn === 'prepend' ? { fn, value: 'p' } : { fn }
  return { ...table, id: draft.add({ op, in: id, mapper, ...store }), value: fn === 'length' ? 'number' : 'text' }
}
