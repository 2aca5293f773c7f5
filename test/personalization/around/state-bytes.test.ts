import t from 'tap'
import { type AroundState, INITIAL_AROUND } from '../../../lib/personalization/around/state.js'
import { decodeAround, encodeAround } from '../../../lib/personalization/around/state-bytes.js'
import { isServiceError } from '../../../lib/personalization/errors.js'
import { seededRandom } from '../../../lib/record/random.js'
import { HOUR_MS, NOON_MS } from './decision.js'

const FULL: AroundState = {
  consents: [
    { purpose: 'analytics', granted: false, at: NOON_MS },
    { purpose: 'Größe und 表 😀', granted: true, at: 4_102_444_799_999 },
  ],
  zone: { name: 'Europe/Berlin', at: NOON_MS + 1 },
  delivered: [
    { channel: 'push', times: [NOON_MS, NOON_MS, NOON_MS + 5], forgottenMs: 0 },
    { channel: 'none', times: [NOON_MS], forgottenMs: NOON_MS - 86_400_000 },
  ],
  bought: [
    { itemId: 'a', at: 946_684_800_000 },
    { itemId: '', at: NOON_MS },
  ],
}

t.test('comes back as it was', async (t) => {
  const rows: AroundState[] = [
    FULL,
    { ...INITIAL_AROUND, consents: FULL.consents },
    { ...INITIAL_AROUND, zone: FULL.zone },
    { ...INITIAL_AROUND, zone: { name: '', at: 0 } },
    { ...INITIAL_AROUND, delivered: FULL.delivered },
    { ...INITIAL_AROUND, bought: FULL.bought },
  ]
  for (const state of rows) t.same(decodeAround(encodeAround(state)), state)
})

t.test('nothing known takes no bytes', async (t) => {
  t.equal(encodeAround(INITIAL_AROUND), null)
  t.equal(decodeAround(null), INITIAL_AROUND)
})

t.test('random states come back', async (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed)
    const ascending = () => {
      let at = NOON_MS
      return Array.from({ length: random.int(20) }, () => {
        at += random.int(30) * HOUR_MS + random.int(2)
        return at
      })
    }
    const state: AroundState = {
      consents: ascending().map((at, i) => ({ purpose: `p${i}`, granted: random.int(2) === 1, at })),
      zone: random.int(2) === 0 ? null : { name: 'UTC', at: NOON_MS },
      delivered: (['page', 'push', 'email', 'sms', 'none'] as const)
        .filter(() => random.int(2) === 0)
        .map((channel) => ({ channel, times: ascending(), forgottenMs: random.int(2) * NOON_MS })),
      bought: ascending().map((at, i) => ({ itemId: 'x'.repeat(random.int(80)) + i, at })),
    }
    if (!t.same(decodeAround(encodeAround(state)), state, `seed ${seed}`)) return
  }
})

t.test('is compact', async (t) => {
  const times = Array.from({ length: 100 }, (_, i) => NOON_MS + i * HOUR_MS)
  const delivered = encodeAround({ ...INITIAL_AROUND, delivered: [{ channel: 'push', times, forgottenMs: 0 }] })!
  t.ok(delivered.length < 420, `100 deliveries in ${delivered.length} bytes`)
  const one = encodeAround({ ...INITIAL_AROUND, delivered: [{ channel: 'push', times: [NOON_MS], forgottenMs: 0 }] })!
  t.ok(one.length <= 14, `one delivery in ${one.length} bytes`)
})

t.test('another version, or bytes that are damaged, is a clear error', async (t) => {
  const bytes = encodeAround(FULL)!
  t.throws(() => decodeAround(Buffer.concat([Buffer.from([2]), bytes.subarray(1)])), {
    code: 'USER_ENTRY_VERSION',
    message: /has version 2; this service reads version 1$/,
  })
  const invalid = { code: 'USER_ENTRY_VERSION' }
  t.throws(() => decodeAround(Buffer.alloc(0)), invalid)
  t.throws(() => decodeAround(Buffer.concat([bytes, Buffer.from([0])])), invalid)
  for (let length = 1; length < bytes.length; length++) {
    t.throws(() => decodeAround(bytes.subarray(0, length)), invalid, `${length} of ${bytes.length} bytes`)
  }
  const random = seededRandom(1)
  for (let round = 0; round < 500; round++) {
    const damaged = Buffer.from(bytes)
    damaged[1 + random.int(bytes.length - 1)] = random.int(256)
    try {
      decodeAround(damaged)
    } catch (error) {
      if (!isServiceError(error, 'USER_ENTRY_VERSION')) t.fail(String(error))
    }
  }
})
