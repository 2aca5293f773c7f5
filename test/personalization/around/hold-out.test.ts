import t from 'tap'
import { judge } from '../../../lib/personalization/around/index.js'
import { INITIAL_AROUND } from '../../../lib/personalization/around/state.js'
import { decision, NO_RULES, NOON_MS, word } from './decision.js'

const CHANNELS = ['page', 'push', 'email', 'sms', 'none'] as const
const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`)

function heldOut(share: number, salt = 'hold-out-1'): string[] {
  const config = { ...NO_RULES, holdOut: { share, salt } }
  return users.filter((userId) => word(judge(decision({ userId }), INITIAL_AROUND, config, NOON_MS)) === 'hold-out')
}

t.test('the share of the users, the same ones each time', async (t) => {
  for (const share of [0, 0.01, 0.05, 0.5, 1]) {
    const held = heldOut(share)
    t.ok(Math.abs(held.length / users.length - share) < 0.01, `${share}: ${held.length}`)
    t.same(heldOut(share), held)
  }
  t.equal(heldOut(0).length, 0)
  t.equal(heldOut(1).length, users.length)
})

t.test('a larger share keeps the users of a smaller one; another salt deals them again', async (t) => {
  const small = heldOut(0.05)
  const large = new Set(heldOut(0.1))
  t.ok(small.every((user) => large.has(user)))
  const dealt = new Set(heldOut(0.05, 'hold-out-2'))
  const both = small.filter((user) => dealt.has(user)).length / users.length
  t.ok(Math.abs(both - 0.0025) < 0.002, 'two salts are independent')
})

t.test('nothing at all is delivered, on any channel, with or without items', async (t) => {
  const config = { ...NO_RULES, holdOut: { share: 1, salt: 's' } }
  for (const channel of CHANNELS) {
    for (const items of [[], ['a']]) {
      for (const userId of ['ann', 'anonymous:7']) {
        const verdict = judge(decision({ channel, items, userId }), INITIAL_AROUND, config, NOON_MS, true)
        t.match(verdict, { kind: 'suppress', reason: 'hold-out' })
      }
    }
  }
})
