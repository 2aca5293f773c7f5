/** When the windows of a table close, found among the operators above it. */
import { MillraceError } from '../../errors.js'
import type { SlidingWindowsSpec, TimeWindowsSpec } from '../../topology/aggregate-nodes.js'
import type { SessionWindows } from '../../windows/definitions.js'
import type { GraphNode } from './graph.js'

/** What a windowed aggregation tells those below it. */
export interface WindowClose {
  /** A window takes no record any more from its end + this on. */
  readonly afterEndMs: number
  /** Set where somebody below takes results for final: then a closed window must not be changed in any way. */
  final: boolean
  /** Each key closes its windows by its own time: nothing tells that those of a key that fell silent are final. */
  readonly perKey?: boolean
}

/** The ends of sliding windows and sessions are inclusive: at `end + grace` they still take a record. */
export function windowClose(windows: TimeWindowsSpec | SlidingWindowsSpec | SessionWindows): WindowClose {
  const { graceMs } = windows
  if (windows.kind === 'session') return { afterEndMs: windows.gapMs + graceMs + 1, final: false }
  return { afterEndMs: windows.kind === 'sliding' ? graceMs + 1 : graceMs, final: false }
}

/**
 * The longest of all windows `node` descends from, which are final from now on.
 * @throws MillraceError TOPOLOGY_NOT_WINDOWED where a way up leads to no window, WINDOW_INVALID to windows per key
 */
export function finalResultsAfterMs(node: GraphNode, way: readonly string[] = []): number {
  if (node.windowClose !== null) {
    if (node.windowClose.perKey === true) {
      throw new MillraceError(
        'WINDOW_INVALID',
        `the windows of ${node.name} go by the time of each key, so none is ever final: suppress by untilTimeLimit`,
        { node: node.name },
      )
    }
    node.windowClose.final = true
    return node.windowClose.afterEndMs
  }
  const names = [node.name, ...way]
  if (node.parents.size === 0) {
    throw new MillraceError(
      'TOPOLOGY_NOT_WINDOWED',
      `suppress until the window closes needs windows above it, there are none in ${names.join(' -> ')}`,
      { node: node.name },
    )
  }
  return Math.max(...[...node.parents].map((parent) => finalResultsAfterMs(parent.sameAs ?? parent, names)))
}
