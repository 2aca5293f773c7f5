import { readFileSync } from 'node:fs'
import t from 'tap'
import { type InstanceState, Lifecycle } from '../../lib/runtime/lifecycle.js'

t.test('an instance makes legal moves only', async (t) => {
  const lifecycle = new Lifecycle()
  const seen: string[] = []
  lifecycle.onChange((state, previous) => seen.push(`${previous}>${state}`))
  lifecycle.transitionTo('starting')
  lifecycle.transitionTo('rebalancing')
  lifecycle.transitionTo('rebalancing')
  lifecycle.transitionTo('running')
  t.same(seen, ['created>starting', 'starting>rebalancing', 'rebalancing>running'])
  t.throws(() => lifecycle.transitionTo('created'), { code: 'STREAMS_STATE', message: /running cannot become created/ })
})

/** How a new instance gets into each state. */
const WAYS: Readonly<Record<InstanceState, readonly InstanceState[]>> = {
  created: [],
  starting: ['starting'],
  rebalancing: ['starting', 'rebalancing'],
  running: ['starting', 'rebalancing', 'running'],
  closing: ['starting', 'closing'],
  closed: ['closed'],
  failed: ['starting', 'failed'],
}
const STATES = Object.keys(WAYS) as InstanceState[]

function isLegal(from: InstanceState, to: InstanceState): boolean {
  const lifecycle = new Lifecycle()
  for (const state of WAYS[from]) lifecycle.transitionTo(state)
  try {
    lifecycle.transitionTo(to)
    return true
  } catch {
    return false
  }
}

t.test('docs/life-of-an-instance.md says which states follow which', async (t) => {
  const page = readFileSync('docs/life-of-an-instance.md', 'utf8')
  const rows = page.matchAll(/^\| `(\w+)` \|[^|]*\|([^|]*)\|$/gm)
  const table = new Map([...rows].map(([, state, next]) => [state!, [...next!.matchAll(/\w+/g)].map(String).sort()]))
  for (const from of STATES) {
    const next = STATES.filter((to) => to !== from && isLegal(from, to))
    t.same(table.get(from), next.sort(), from)
  }
})
