/** Numbers in JSON: exact, or refused; never another number. */
import assert from 'node:assert'
import t from 'tap'
import { json } from '../../lib/serde/json.js'

const plain = json<unknown>()
const wide = json<unknown>(undefined, { longs: 'bigint' })
const read = (serde: typeof plain, text: string) => serde.deserialize(Buffer.from(text), 't')
const text = (serde: typeof plain, value: unknown) => serde.serialize(value, 't').toString()

const beyond = [
  '9007199254740993',
  '-9007199254740993',
  '9007199254740992',
  '-9223372036854775808',
  '9223372036854775807',
  '1733000000123456789',
  '123456789012345678901234567890',
]
for (const number of beyond) {
  for (const [where, around] of [
    ['alone', (n: string) => n],
    ['in an object', (n: string) => `{"id":${n},"s":"x"}`],
    ['in an array, spaced', (n: string) => `[ 1,\n ${n} ]`],
    ['behind a text with quotes', (n: string) => `{"a\\"\\\\":"\\\\","b":${n}}`],
  ] as const) {
    t.test(`${number} ${where}`, async (t) => {
      t.throws(() => read(plain, around(number)), { code: 'SERDE_BYTES_INVALID', message: /longs/ })
      const value = read(wide, around(number))
      t.equal(text(wide, value), around(number).replaceAll(/\s/g, ''), 'as a bigint it comes and goes exactly')
      try {
        read(plain, around(number))
      } catch (error) {
        t.notMatch((error as Error).message, number, 'no error shows it')
      }
    })
  }
}

const accepted: readonly (readonly [text: string, value: unknown])[] = [
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['-9007199254740991', Number.MIN_SAFE_INTEGER],
  ['{"id":"9007199254740993"}', { id: '9007199254740993' }],
  ['{"9007199254740993":1}', { '9007199254740993': 1 }],
  ['"card \\"4111111111111111\\" 9007199254740993"', 'card "4111111111111111" 9007199254740993'],
  ['0.1234567890123456789', 0.12345678901234568],
  ['1.0E20', 1e20],
  ['1e300', 1e300],
  ['12345678901234567.5', 12345678901234568],
  ['0.00000000000000001', 1e-17],
]
for (const [source, value] of accepted) {
  t.test(`${source} is taken as it is`, async (t) => {
    t.strictSame(read(plain, source), value)
    t.strictSame(read(wide, source), value)
  })
}

t.test('what JSON would write as something else is not written', async (t) => {
  const rows: readonly (readonly [string, unknown])[] = [
    ['NaN', Number.NaN],
    ['NaN within', { a: [1, Number.NaN] }],
    ['Infinity beside null', { a: null, b: Number.POSITIVE_INFINITY }],
    ['-Infinity', [Number.NEGATIVE_INFINITY]],
    ['2^53', 2 ** 53],
    ['2^63 within', { at: [2 ** 63] }],
    ['a bigint', { at: 5n }],
    ['a promise', Promise.resolve(1)],
    ['undefined', undefined],
    ['a function', () => 1],
  ]
  const loop: { self?: unknown } = {}
  loop.self = loop
  for (const serde of [plain, wide]) {
    t.throws(() => text(serde, loop), { code: 'SERDE_VALUE_INVALID' }, 'an object in itself')
    const own = { toJSON: () => assert.fail('by user code') }
    t.throws(() => text(serde, own), assert.AssertionError, 'what user code throws stays as it is')
  }
  for (const [what, value] of rows) t.throws(() => text(plain, value), { code: 'SERDE_VALUE_INVALID' }, what)
  for (const [what, value] of rows.slice(0, 6)) t.throws(() => text(wide, value), { code: 'SERDE_VALUE_INVALID' }, what)
  for (const value of [2 ** 53, { at: [2 ** 63] }, Number.NaN]) {
    t.throws(() => text(plain, value), { code: 'SERDE_VALUE_INVALID' })
  }
})

t.test('what it writes', async (t) => {
  t.equal(
    text(plain, { a: null, b: 'null', c: 0.1, d: -0, e: 1e300, f: Number.MAX_SAFE_INTEGER }),
    '{"a":null,"b":"null","c":0.1,"d":0,"e":1e+300,"f":9007199254740991}',
  )
  t.equal(text(wide, { a: 2n ** 63n - 1n, b: [5n, -1n], c: '5' }), '{"a":9223372036854775807,"b":[5,-1],"c":"5"}')
  t.strictSame(read(wide, '{"a":5}'), { a: 5 }, 'what a number holds is a number')
  t.strictSame(text(json<unknown>(), new Date(0)), '"1970-01-01T00:00:00.000Z"')
})

t.test('wherever the digits stand', async (t) => {
  for (let before = 0; before < 40; before++) {
    for (const [digits, refused] of [
      ['9007199254740993', true],
      ['900719925474099', false],
      ['123456789012345678901', true],
    ] as const) {
      const source = `[${' '.repeat(before)}${digits}]`
      if (refused) t.throws(() => read(plain, source), { code: 'SERDE_BYTES_INVALID' })
      else t.strictSame(read(plain, source), [Number(digits)])
    }
  }
})

t.test('what is no JSON', async (t) => {
  for (const source of ['', '{', '9007199254740993x', '"9007199254740993', '[9007199254740993', '00']) {
    for (const serde of [plain, wide]) t.throws(() => read(serde, source), { code: 'SERDE_BYTES_INVALID' })
  }
  t.throws(() => read(wide, '["\\uF8FFinteger:5",9007199254740993]'), { code: 'SERDE_BYTES_INVALID' })
  t.throws(() => text(wide, ['\u{f8ff}integer:5']))
})

t.test('a check sees what was read', async (t) => {
  const ids = json<bigint>(
    (value) => {
      if (typeof value !== 'bigint') throw new TypeError('no id')
      return value
    },
    { longs: 'bigint' },
  )
  t.equal(ids.deserialize(Buffer.from('9007199254740993'), 't'), 9007199254740993n)
  t.throws(() => ids.deserialize(Buffer.from('5'), 't'), { message: 'no id' })
})

t.test('a null in the text is told from a number that text lacks', async (t) => {
  const deep = (value: unknown) => ({ a: null, list: [1, { b: [null, { c: value }] }] })
  for (const fine of [null, 1.5, 'null', [], {}, undefined, { toJSON: () => null }, new Date(5)]) {
    const text = JSON.stringify(deep(fine))
    t.equal(String(json<unknown>().serialize(deep(fine), 'topic')), text, text)
  }
  const hostile = [Number.NaN, Number.NEGATIVE_INFINITY, [Number.NaN], { toJSON: () => Number.NaN }]
  for (const wrong of hostile) {
    t.throws(() => json<unknown>().serialize(deep(wrong), 'topic'), { code: 'SERDE_VALUE_INVALID' })
  }
  t.match(String(json<unknown>().serialize(deep(new Date(Number.NaN)), 'topic')), /"c":null/, 'a date says null itself')
  const behind = Object.assign([null, 1], { toJSON: () => [null, Number.POSITIVE_INFINITY] })
  t.throws(() => json<unknown>().serialize(behind, 'topic'), { code: 'SERDE_VALUE_INVALID' })
  t.throws(() => json<unknown>().serialize({ a: null, b: new Float64Array([Number.NaN]) }, 'topic'))
  const hidden = { a: null, toJSON: () => ({ a: null }), b: Number.NaN }
  t.equal(String(json<unknown>().serialize(hidden, 'topic')), '{"a":null}')
})
