/** The parts of an aggregation that depend on the kind of windows: store, key of the table, node. */
import { MillraceError } from '../../errors.js'
import { sessionWindowed, timeWindowed } from '../../serde/windowed.js'
import type { StoreKind } from '../../state/stores/index.js'
import type {
  AggregateNodes,
  EmitStrategy,
  Fold,
  SessionAggregateNode,
  TimeWindowsSpec,
} from '../../topology/aggregate-nodes.js'
import { closesAfterEndMs, leastRetentionMs } from '../../windows/close.js'
import type { SessionWindows, SlidingWindows, TimeWindows, UnlimitedWindows } from '../../windows/definitions.js'
import type { WindowClose } from './graph.js'
import type { AnySerde } from './handle.js'

/** Whose highest time says what is late: the operator's, over all keys of its task, or the key's own (KIP-540). */
export type WindowTime = 'operator' | 'perKey'

const KINDS: readonly unknown[] = ['time', 'unlimited', 'sliding', 'session']

/** @throws MillraceError WINDOW_INVALID */
export function checkWindows(windows: { readonly kind: string } | undefined): void {
  if (KINDS.includes(windows?.kind)) return
  throw new MillraceError(
    'WINDOW_INVALID',
    'windowedBy takes the result of tumbling, hopping, sliding, session or unlimited',
  )
}

/** @throws MillraceError WINDOW_INVALID */
export function checkEmit(emit: EmitStrategy): void {
  if (emit === 'onWindowUpdate' || emit === 'onWindowClose') return
  throw new MillraceError('WINDOW_INVALID', `emitStrategy must be onWindowUpdate or onWindowClose, not ${emit}`)
}

export interface NodeFields {
  readonly name: string
  readonly parents: readonly string[]
  readonly stores: readonly string[]
  readonly store: string
  readonly sendOldValues: boolean
}

export interface WindowPlan {
  readonly storeKind: {
    readonly kind: StoreKind
    readonly retentionMs?: number
    readonly windowSizeMs?: number
    readonly cacheable?: boolean
  }
  /** The table's key serde, from the stream's. */
  readonly tableKey: (key: AnySerde) => AnySerde
  readonly windowClose: WindowClose | null
  /** `final`: somebody below takes its results for final. */
  readonly node: (base: NodeFields, fold: Fold, final: boolean) => AggregateNodes
}

export function withoutWindows(): WindowPlan {
  return {
    storeKind: { kind: 'timestampedKeyValue' },
    tableKey: (key) => key,
    windowClose: null,
    node: (base, fold) => ({ ...base, kind: 'aggregate', fold }),
  }
}

function specOf(windows: TimeWindows | UnlimitedWindows): TimeWindowsSpec {
  if (windows.kind === 'time') return Object.freeze({ ...windows, startMs: 0 })
  const forever = Number.POSITIVE_INFINITY
  return Object.freeze({ kind: 'unlimited', sizeMs: forever, advanceMs: forever, graceMs: 0, startMs: windows.startMs })
}

export function fixedWindows(
  windows: TimeWindows | UnlimitedWindows | SlidingWindows,
  emit: EmitStrategy,
  time: WindowTime = 'operator',
): WindowPlan {
  const spec = windows.kind === 'sliding' ? windows : specOf(windows)
  const sizeMs = spec.kind === 'sliding' ? spec.timeDifferenceMs : spec.sizeMs
  return {
    storeKind: {
      kind: 'window',
      retentionMs: leastRetentionMs(spec),
      windowSizeMs: sizeMs,
      cacheable: emit === 'onWindowUpdate',
    },
    tableKey: (key) => timeWindowed(key, sizeMs) as AnySerde,
    windowClose: { afterEndMs: closesAfterEndMs(spec), perKey: time === 'perKey' },
    node: (base, fold) =>
      spec.kind === 'sliding'
        ? { ...base, kind: 'slidingAggregate', fold, windows: spec, emit }
        : { ...base, kind: 'windowAggregate', fold, windows: spec, emit, ...(time === 'perKey' && { time }) },
  }
}

export function sessionWindows(
  windows: SessionWindows,
  emit: EmitStrategy,
  merger: SessionAggregateNode['merger'],
): WindowPlan {
  return {
    storeKind: {
      kind: 'session',
      retentionMs: leastRetentionMs(windows),
      cacheable: emit === 'onWindowUpdate',
    },
    tableKey: (key) => sessionWindowed(key) as AnySerde,
    windowClose: { afterEndMs: closesAfterEndMs(windows), perKey: false },
    node: (base, fold, final) => ({ ...base, kind: 'sessionAggregate', fold, merger, windows, emit, final }),
  }
}
