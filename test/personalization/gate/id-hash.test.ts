import t from 'tap'
import { IdHash } from '../../../lib/personalization/gate/id-hash.js'

const IDS = 200_000

/** How ids look: row numbers, numbers of a source, texts that differ in a letter. */
const KINDS: Readonly<Record<string, (i: number) => readonly [user: string, id: string]>> = {
  'rows of one user': (i) => ['ann', String(i)],
  'rows of many users': (i) => [`user-${i % 500}`, String(i)],
  'one id of many users': (i) => [String(i), 'same'],
  places: (i) => ['ann', `user-activity-${i % 12}-${i}`],
  'user and id in turn': (i) => [String(i % 447), String(Math.floor(i / 447))],
  letters: (i) => ['ann', `${String.fromCharCode(48 + (i % 64), 48 + ((i >> 6) % 64), 48 + (i >> 12))}-tail`],
}

for (const [kind, of] of Object.entries(KINDS)) {
  t.test(`${kind}: no two the same, and each half as random ones`, async (t) => {
    const hash = new IdHash()
    const halves = { high: new Map<number, number>(), low: new Map<number, number>() }
    const whole = new Set<string>()
    for (let i = 0; i < IDS; i++) {
      hash.set(...of(i))
      whole.add(`${hash.high} ${hash.low}`)
      for (const half of ['high', 'low'] as const) halves[half].set(hash[half], i)
    }
    t.equal(whole.size, IDS)
    // Of so many random numbers of 32 bits about 5 meet.
    for (const half of ['high', 'low'] as const)
      t.ok(IDS - halves[half].size < 25, `${IDS - halves[half].size} ${half}`)
  })
}

t.test('where the user ends and the id begins matters', async (t) => {
  const of = (user: string, id: string) => {
    const hash = new IdHash()
    hash.set(user, id)
    return `${hash.high} ${hash.low}`
  }
  const all = [
    of('ab', 'c'),
    of('a', 'bc'),
    of('', 'abc'),
    of('abc', ''),
    of('c', 'ab'),
    of('', ''),
    of('a', ''),
    of('', 'a'),
  ]
  t.equal(new Set(all).size, all.length)
  t.equal(of('ab', 'c'), of('ab', 'c'))
})
