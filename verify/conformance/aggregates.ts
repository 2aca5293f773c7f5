/** Windows, cogroups and aggregations of a case. */
import {
  CogroupedStream,
  SessionWindowedCogroupedStream,
  WindowedCogroupedStream,
} from '../../lib/dsl/cogrouped-stream.js'
import { GroupedStream } from '../../lib/dsl/grouped-stream.js'
import { GroupedTable } from '../../lib/dsl/grouped-table.js'
import type { StoreSettings } from '../../lib/dsl/plan/store-options.js'
import { SessionWindowedStream } from '../../lib/dsl/session-windowed-stream.js'
import { WindowedStream } from '../../lib/dsl/windowed-stream.js'
import type { Serde } from '../../lib/serde/serde.js'
import {
  hopping,
  type SlidingWindows,
  session,
  sliding,
  type TimeWindows,
  tumbling,
  type UnlimitedWindows,
  unlimited,
} from '../../lib/windows/definitions.js'
import type { CaseNode, CaseWindow, Scalar } from '../cases/case.js'
import { adderOf, mergerOf, reducerOf } from '../cases/functions.js'
import { type Handle, named, plain, type Table, wrongInput } from '../cases/handles.js'
import { caseValue } from '../cases/serdes.js'

/** `count`, `reduce` or `aggregate`; `settings` null: the case has no store. */
export function aggregated(node: CaseNode, input: Handle | undefined, settings: StoreSettings | null): Handle {
  if (node.op === 'count') {
    // The oracle gives a named store its own value serde, which is a byte longer: a limit in bytes sees it.
    const typed = settings === null ? {} : { store: { ...settings, value: caseValue as unknown as Serde<number> } }
    const options = { ...named(node.named ?? node.name), ...typed }
    if (input instanceof GroupedTable) return input.count(options) as Table
    if (input instanceof GroupedStream) return input.count(options) as Table
    if (input instanceof WindowedStream || input instanceof SessionWindowedStream) {
      return plain(input.count(options))
    }
    throw wrongInput('something grouped', input)
  }
  const store = { ...named(node.named ?? node.name), store: { ...settings, value: caseValue } }
  if (node.op === 'reduce') {
    const adder = reducerOf(node.adder)
    if (input instanceof GroupedTable) return input.reduce({ adder, subtractor: reducerOf(node.subtractor), ...store })
    if (input instanceof GroupedStream) return input.reduce(adder, store)
    if (input instanceof WindowedStream || input instanceof SessionWindowedStream) {
      return plain(input.reduce(adder, store))
    }
    throw wrongInput('something grouped', input)
  }
  const initial = (node.init ?? null) as Scalar
  const start = { initializer: () => initial, ...store }
  if (input instanceof CogroupedStream) return input.aggregate(start)
  if (input instanceof WindowedCogroupedStream) return plain(input.aggregate(start))
  if (input instanceof SessionWindowedCogroupedStream) {
    return plain(input.aggregate({ ...start, merger: mergerOf(node.merger) }))
  }
  const options = { ...start, adder: adderOf(node.adder) }
  if (input instanceof GroupedTable) return input.aggregate({ ...options, subtractor: adderOf(node.subtractor) })
  if (input instanceof GroupedStream) return input.aggregate(options) as Table
  if (input instanceof WindowedStream) return plain(input.aggregate(options))
  if (input instanceof SessionWindowedStream) {
    return plain(input.aggregate({ ...options, merger: mergerOf(node.merger) }))
  }
  throw wrongInput('something grouped', input)
}

export function cogrouped(node: CaseNode, inputs: readonly Handle[]): Handle {
  let all: CogroupedStream<Scalar, Scalar> | null = null
  inputs.forEach((input, i) => {
    if (!(input instanceof GroupedStream)) throw wrongInput('a grouped stream', input)
    const adder = adderOf(node.aggregators?.[i])
    all = all === null ? input.cogroup(adder) : all.cogroup(input, adder)
  })
  if (all === null) throw new Error(`node ${node.id} cogroups nothing`)
  return all
}

export function windowedBy(node: CaseNode, input: Handle | undefined): Handle {
  const window = node.window
  if (window === undefined) throw new Error(`node ${node.id} has no window`)
  if (input instanceof CogroupedStream) {
    if (window.kind !== 'session') return input.windowedBy(timeWindows(window))
    return input.windowedBy(session({ gapMs: window.gapMs ?? 0, graceMs: window.graceMs ?? 0 }))
  }
  if (!(input instanceof GroupedStream)) throw wrongInput('a grouped stream', input)
  const emit = node.emit ?? 'onWindowUpdate'
  if (window.kind === 'session') {
    const windows = session({ gapMs: window.gapMs ?? 0, graceMs: window.graceMs ?? 0 })
    return input.windowedBy(windows).emitStrategy(emit)
  }
  const windowed = input.windowedBy(timeWindows(window))
  return node.emit === undefined ? windowed : windowed.emitStrategy(emit)
}

function timeWindows(window: CaseWindow): TimeWindows | UnlimitedWindows | SlidingWindows {
  const { sizeMs = 0, advanceMs, graceMs = 0 } = window
  if (window.kind === 'sliding') return sliding({ timeDifferenceMs: window.timeDifferenceMs ?? 0, graceMs })
  if (window.kind === 'unlimited') return unlimited({ startMs: window.startMs ?? 0 })
  return advanceMs === undefined ? tumbling({ sizeMs, graceMs }) : hopping({ sizeMs, advanceMs, graceMs })
}
