/** Which windows are final for somebody below, as rows over small graphs; looking changes none of them. */
import t from 'tap'
import { finalAfterEndMs, finalAggregations } from '../../../lib/dsl/plan/final-windows.js'
import { Graph, type GraphNode, type GraphNodeOptions } from '../../../lib/dsl/plan/graph.js'

const write = () => {}

/** Name → parents and what the node is. Nodes without parents are sources. */
type Rows = Readonly<Record<string, readonly [parents: readonly string[], what?: Partial<GraphNodeOptions>]>>

function graphOf(rows: Rows): { graph: Graph; nodes: ReadonlyMap<string, GraphNode> } {
  const graph = new Graph()
  const nodes = new Map<string, GraphNode>()
  for (const [name, [parents, what]] of Object.entries(rows)) {
    nodes.set(
      name,
      graph.add(
        parents.map((parent) => nodes.get(parent)!),
        { name, write, ...what },
      ),
    )
  }
  return { graph, nodes }
}

const windowed = (afterEndMs: number, perKey = false) => ({ windowClose: { afterEndMs, perKey } })
const waits = { awaitsClose: true }

const FINAL: readonly [name: string, rows: Rows, final: string[]][] = [
  ['nobody waits', { s: [[]], w: [['s'], windowed(5)] }, []],
  ['one waits', { s: [[]], w: [['s'], windowed(5)], x: [['w'], waits] }, ['w']],
  ['through operators', { s: [[]], w: [['s'], windowed(5)], f: [['w']], x: [['f'], waits] }, ['w']],
  [
    'both sides of a join',
    { s: [[]], a: [['s'], windowed(5)], b: [['s'], windowed(7)], j: [['a', 'b']], x: [['j'], waits] },
    ['a', 'b'],
  ],
  ['the nearest windows only', { s: [[]], a: [['s'], windowed(5)], b: [['a'], windowed(7)], x: [['b'], waits] }, ['b']],
  ['a sister stays as it is', { s: [[]], a: [['s'], windowed(5)], b: [['s'], windowed(7)], x: [['a'], waits] }, ['a']],
  [
    'what stands below it does not count',
    { s: [[]], a: [['s'], windowed(5)], x: [['a'], waits], b: [['x'], windowed(1)] },
    ['a'],
  ],
]

t.test('the windows that somebody waits for', async (t) => {
  for (const [name, rows, final] of FINAL) t.same([...finalAggregations(graphOf(rows).graph.nodes)], final, name)
})

const AFTER: readonly [name: string, rows: Rows, afterEndMs: number | 'TOPOLOGY_NOT_WINDOWED' | 'WINDOW_INVALID'][] = [
  ['the aggregation itself', { s: [[]], x: [['s'], windowed(5)] }, 5],
  ['through operators', { s: [[]], w: [['s'], windowed(5)], x: [['w']] }, 5],
  ['the longest of several', { s: [[]], a: [['s'], windowed(5)], b: [['s'], windowed(7)], x: [['a', 'b']] }, 7],
  ['no windows', { s: [[]], x: [['s']] }, 'TOPOLOGY_NOT_WINDOWED'],
  ['one way without windows', { s: [[]], a: [['s'], windowed(5)], x: [['a', 's']] }, 'TOPOLOGY_NOT_WINDOWED'],
  ['windows per key', { s: [[]], a: [['s'], windowed(5, true)], x: [['a']] }, 'WINDOW_INVALID'],
]

t.test('when the results of a node are final', async (t) => {
  for (const [name, rows, expected] of AFTER) {
    const { graph, nodes } = graphOf(rows)
    const ask = () => finalAfterEndMs(nodes.get('x')!)
    if (typeof expected === 'number') t.equal(ask(), expected, name)
    else t.throws(ask, { code: expected }, name)
    t.same([...finalAggregations(graph.nodes)], [], `${name}: to ask makes no window final`)
  }
})

t.test('a source asked for again is the first one', async (t) => {
  const { graph, nodes } = graphOf({ s: [[]] })
  graph.add([graph.reuseSource(nodes.get('s')!)], { name: 'x', write })
  t.throws(() => finalAfterEndMs(graph.nodes.at(-1)!), { code: 'TOPOLOGY_NOT_WINDOWED' })
})
