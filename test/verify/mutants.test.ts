/** The engines with a mistake: each is made of what is there, and a seed counts only if it sees the mistake alone. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { unknownVariants } from '../../lib/testing/simulation/variants.js'
import { mutated, rootFolder } from '../../verify/mutants/engine.js'
import { MUTANTS } from '../../verify/mutants/index.js'
import { type HuntResult, hunt } from '../../verify/simulation/hunt.js'

const root = rootFolder()

t.test('every mutant is a change of one place that is there, and says which invariant it breaks', async (t) => {
  t.ok(MUTANTS.length >= 40)
  t.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length, 'names are unique')
  for (const mutant of MUTANTS) {
    const files = mutated(root, mutant)
    t.ok(
      files.every(({ file, text }) => text !== readFileSync(join(root, file), 'utf8')),
      mutant.name,
    )
    t.same(unknownVariants(mutant.variant), [], `${mutant.name}: its variant is known`)
    t.match(mutant.guards, /^I\d+$/)
    if (mutant.unit !== undefined) t.ok(existsSync(join(root, mutant.unit)), `${mutant.name}: ${mutant.unit} is there`)
  }
})

/** A worker that plays nothing: these seeds fail. */
function worker(failing: readonly number[]): URL {
  const script = `
    import { parentPort } from 'node:worker_threads'
    parentPort.on('message', ({ plan: { seed }, stopAtFirst }) => {
      const violations = [{ invariant: 'seed', what: 'too small' }]
      if (stopAtFirst && ${JSON.stringify(failing)}.includes(seed)) violations.push({ invariant: 'I1', what: 'seed ' + seed })
      parentPort.postMessage({ kind: 'play', violations })
    })`
  return new URL(`data:text/javascript,${encodeURIComponent(script)}`)
}

t.test('the first seed that fails with the mistake and not without it has seen the mistake', async (t) => {
  const rows: readonly {
    readonly what: string
    readonly failing: readonly number[]
    readonly caught: number | null
    readonly spoilt: readonly number[]
  }[] = [
    { what: 'no seed fails', failing: [], caught: null, spoilt: [] },
    { what: 'the first fails', failing: [1, 4], caught: 1, spoilt: [] },
    { what: 'one fails without the mistake too', failing: [2, 5, 6], caught: 5, spoilt: [2] },
    { what: 'all that fail do so without the mistake too', failing: [2], caught: null, spoilt: [2] },
  ]
  const results = new Map<string, HuntResult>()
  const removed: string[] = []
  await hunt(
    rows.map(({ what, failing }) => ({
      variant: 'base',
      open: () => ({ worker: worker(failing), remove: () => removed.push(what) }),
      over: async (result) => void results.set(what, result),
    })),
    worker([2]),
    8,
  )
  for (const { what, caught, spoilt } of rows) {
    const result = results.get(what)
    t.equal(result?.caught?.seed ?? null, caught, what)
    t.same(
      result?.spoilt.map(({ seed }) => seed),
      spoilt,
      what,
    )
  }
  t.same(removed.sort(), rows.map(({ what }) => what).sort())
})
