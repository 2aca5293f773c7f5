/** Written with one schema, read with another: rows for each rule of the specification's "Schema Resolution". */
import type { AvroSchema } from '../../lib/serde/avro/avro-schema.js'

export interface AvroRow {
  readonly what: string
  readonly writer: AvroSchema
  readonly reader: AvroSchema
  /** Written, or the Avro bytes in hexadecimal. */
  readonly value?: unknown
  readonly hex?: string
  /** What is read; `record`: reading throws, the schemas fit; `schema`: they can never fit. */
  readonly read: unknown
  readonly fails?: 'record' | 'schema'
}

type Field = Readonly<Record<string, unknown>>
const field = (name: string, type: unknown, more: object = {}): Field => ({ name, type, ...more })
const rec = (name: string, ...fields: Field[]) => ({ type: 'record', name, fields })
const one = (type: unknown, more: object = {}) => rec('R', field('v', type, more))
const symbols = (name: string, list: string, more: object = {}) => ({
  type: 'enum',
  name,
  symbols: [...list],
  ...more,
})
const fixed = (name: string, size: number) => ({ type: 'fixed', name, size })
const arrayOf = (items: unknown) => ({ type: 'array', items })
const mapOf = (values: unknown) => ({ type: 'map', values })
const maybe = (type: unknown) => ['null', type]

/** The value of field v, from one type to another. */
const row = (what: string, writer: unknown, reader: unknown, value: unknown, read: unknown = value): AvroRow => ({
  what,
  writer: one(writer),
  reader: one(reader),
  value: { v: value },
  read: { v: read },
})
const fails = (
  fault: 'record' | 'schema',
  what: string,
  writer: unknown,
  reader: unknown,
  value: unknown,
): AvroRow => ({
  ...row(what, writer, reader, value),
  fails: fault,
})

const INNER = rec('In', field('a', 'int'))
const inX = { ...INNER, namespace: 'x' }
const inY = { ...INNER, namespace: 'y' }
const node = (namespace: string, ...more: Field[]) => ({
  ...rec('Node', field('n', 'int'), field('next', ['null', 'Node']), ...more),
  namespace,
})

const promotions: readonly AvroRow[] = [
  row('int as long', 'int', 'long', -5),
  row('int as float', 'int', 'float', 7),
  row('int as double', 'int', 'double', -(2 ** 31)),
  row('long as float', 'long', 'float', 2 ** 20),
  row('long as double', 'long', 'double', Number.MAX_SAFE_INTEGER),
  row('long as double, negative', 'long', 'double', -(2 ** 52) - 1),
  row('float as double', 'float', 'double', 1.5),
  row('string as bytes', 'string', 'bytes', 'ä', Buffer.from('ä')),
  row('bytes as string', 'bytes', 'string', Buffer.from('ä'), 'ä'),
  fails('schema', 'long as int', 'long', 'int', 5),
  fails('schema', 'float as long', 'float', 'long', 5),
  fails('schema', 'double as float', 'double', 'float', 5),
  fails('schema', 'double as long', 'double', 'long', 5),
  fails('schema', 'string as int', 'string', 'int', '5'),
  fails('schema', 'boolean as int', 'boolean', 'int', true),
  fails('schema', 'null as string', 'null', 'string', null),
  row('array of int as array of double', arrayOf('int'), arrayOf('double'), [1, 2, 3]),
  row('map of string as map of bytes', mapOf('string'), mapOf('bytes'), { k: 'x' }, { k: Buffer.from('x') }),
  fails('schema', 'array as map', arrayOf('int'), mapOf('int'), [1]),
  fails('schema', 'array of string as array of int', arrayOf('string'), arrayOf('int'), ['x']),
]

const unions: readonly AvroRow[] = [
  row('a branch as what is no union', maybe('string'), 'string', 'x'),
  fails('record', 'another branch as what is no union', maybe('string'), 'string', null),
  row('a branch promoted', ['null', 'int'], 'double', 5),
  row('of several numbers, one that fits', ['string', 'long'], 'double', 5),
  fails('record', 'and one that does not', ['string', 'long'], 'double', 'x'),
  fails('schema', 'no branch fits', ['null', 'string'], 'int', 'x'),
  row('what is no union, as a branch', 'string', maybe('string'), 'x'),
  row('promoted into a branch', 'int', ['null', 'double'], 5),
  row('the same kind before one it is promoted to', 'int', ['double', 'int'], 5, { int: 5 }),
  row('the first it can be promoted to', 'int', ['string', 'double', 'float'], 5, { double: 5 }),
  fails('schema', 'into no branch', 'string', ['null', 'int'], 'x'),
  row('union as union, in another order', ['null', 'string'], ['string', 'null'], 'x'),
  row('union as union, null', ['null', 'string'], ['string', 'null'], null),
  row('union as a larger union', ['null', 'string'], ['null', 'int', 'string'], 'x'),
  row('union as a smaller one, what is there', ['null', 'int', 'string'], ['null', 'string'], 'x'),
  fails('record', 'union as a smaller one, what is not', ['null', 'int', 'string'], ['null', 'string'], 5),
  row('union as union, promoted', ['null', 'int'], ['null', 'long'], 5),
  row('a record into a union', INNER, maybe(INNER), { a: 1 }),
  row('a record out of a union', maybe(INNER), INNER, { a: 1 }),
  row('a record of another namespace into a union', inX, maybe(inY), { a: 1 }),
  row('by the full name first', inY, [inX, inY], { a: 1 }, { 'y.In': { a: 1 } }),
  row('arrays of unions', arrayOf(maybe('int')), arrayOf('int'), [1, 2]),
  row('maps of unions', mapOf(maybe('string')), mapOf(['string', 'null']), { k: 'x', n: null }),
]

const named: readonly AvroRow[] = [
  {
    what: 'another namespace',
    writer: { ...INNER, namespace: 'x' },
    reader: { ...INNER, namespace: 'y' },
    value: { a: 1 },
    read: { a: 1 },
  },
  {
    what: 'a namespace where there was none',
    writer: INNER,
    reader: { ...INNER, namespace: 'y' },
    value: { a: 1 },
    read: { a: 1 },
  },
  {
    what: 'a namespace in the name',
    writer: { ...INNER, name: 'a.b.In' },
    reader: { ...INNER, name: 'c.In' },
    value: { a: 1 },
    read: { a: 1 },
  },
  {
    what: 'an alias of the record',
    writer: rec('Old', field('a', 'int')),
    reader: { ...rec('New', field('a', 'int')), aliases: ['Old'] },
    value: { a: 1 },
    read: { a: 1 },
  },
  {
    what: 'an alias in full',
    writer: { ...rec('Old', field('a', 'int')), namespace: 'x' },
    reader: { ...rec('New', field('a', 'int')), namespace: 'y', aliases: ['x.Old'] },
    value: { a: 1 },
    read: { a: 1 },
  },
  row('an enum of another namespace', symbols('x.E', 'AB'), symbols('y.E', 'AB'), 'B'),
  row('an enum in another order', symbols('E', 'ABC'), symbols('E', 'CBA'), 'A'),
  row('an enum with more symbols', symbols('E', 'AB'), symbols('E', 'XAB'), 'B'),
  row('an enum with fewer symbols, one that is there', symbols('E', 'ABC'), symbols('E', 'AB'), 'A'),
  fails('record', 'an enum with fewer symbols, one that is not', symbols('E', 'ABC'), symbols('E', 'AB'), 'C'),
  row('an unknown symbol is the default', symbols('E', 'ABC'), symbols('E', 'AB', { default: 'A' }), 'C', 'A'),
  row("the writer's default is nobody's", symbols('E', 'ABC', { default: 'B' }), symbols('E', 'AC'), 'C'),
  row('fixed of another namespace', fixed('x.F', 2), fixed('y.F', 2), Buffer.from([1, 2])),
  fails('schema', 'fixed of another size', fixed('F', 2), fixed('F', 3), Buffer.from([1, 2])),
  fails('schema', 'fixed of another name', fixed('F', 2), fixed('G', 2), Buffer.from([1, 2])),
  fails('schema', 'an enum of another name', symbols('E', 'AB'), symbols('G', 'AB'), 'A'),
  fails('schema', 'fixed as bytes', fixed('F', 2), 'bytes', Buffer.from([1, 2])),
]

const records: readonly AvroRow[] = [
  {
    what: 'fields in another order',
    writer: rec('R', field('a', 'int'), field('b', 'string'), field('c', 'double')),
    reader: rec('R', field('c', 'double'), field('a', 'int'), field('b', 'string')),
    value: { a: 1, b: 'x', c: 0.5 },
    read: { c: 0.5, a: 1, b: 'x' },
  },
  {
    what: 'fields the reader does not know, of every kind',
    writer: rec(
      'R',
      field('u', ['null', 'string']),
      field('m', mapOf('long')),
      field('a', arrayOf(INNER)),
      field('f', fixed('F', 3)),
      field('e', symbols('E', 'AB')),
      field('d', 'double'),
      field('n', 'int'),
      field('s', 'string'),
    ),
    reader: rec('R', field('n', 'int')),
    value: {
      u: 'x',
      m: { k: 2 ** 40 },
      a: [{ a: 1 }, { a: 2 }],
      f: Buffer.from([1, 2, 3]),
      e: 'B',
      d: 1,
      n: 7,
      s: 'x',
    },
    read: { n: 7 },
  },
  {
    what: 'defaults of every kind',
    writer: rec('R', field('n', 'int')),
    reader: rec(
      'R',
      field('n', 'int'),
      field('s', 'string', { default: 'x' }),
      field('l', 'long', { default: -1 }),
      field('b', 'boolean', { default: true }),
      field('u', ['null', 'int'], { default: null }),
      field('w', ['int', 'null'], { default: 4 }),
      field('m', mapOf('int'), { default: { k: 1 } }),
      field('a', arrayOf('string'), { default: ['y'] }),
      field('e', symbols('E', 'AB'), { default: 'B' }),
      field('r', INNER, { default: { a: 3 } }),
      field('y', 'bytes', { default: 'ÿ' }),
    ),
    value: { n: 7 },
    read: {
      n: 7,
      s: 'x',
      l: -1,
      b: true,
      u: null,
      w: 4,
      m: { k: 1 },
      a: ['y'],
      e: 'B',
      r: { a: 3 },
      y: Buffer.from([255]),
    },
  },
  {
    what: 'a field without a default that nobody wrote',
    writer: rec('R', field('a', 'int')),
    reader: rec('R', field('a', 'int'), field('b', 'int')),
    value: { a: 1 },
    read: null,
    fails: 'schema',
  },
  {
    what: 'an alias of a field',
    writer: rec('R', field('old', 'int')),
    reader: rec('R', field('neu', 'long', { aliases: ['older', 'old'] })),
    value: { old: 1 },
    read: { neu: 1 },
  },
  {
    what: "a wrong default of the writer's does no harm",
    writer: rec('R', field('a', 'int'), field('b', ['null', 'string'], { default: '' })),
    reader: rec('R', field('a', 'int')),
    hex: '0e00',
    read: { a: 7 },
  },
  {
    what: 'records in records',
    writer: rec('R', field('i', rec('In', field('a', 'int'), field('gone', 'string')))),
    reader: rec('R', field('i', rec('In', field('a', 'double'), field('b', 'int', { default: 2 })))),
    value: { i: { a: 1, gone: 'x' } },
    read: { i: { a: 1, b: 2 } },
  },
  {
    what: 'a record that holds itself',
    writer: node('x'),
    reader: node('y', field('z', 'int', { default: 9 })),
    value: { n: 1, next: { n: 2, next: null } },
    read: { n: 1, next: { n: 2, next: null, z: 9 }, z: 9 },
  },
  {
    what: 'the type within, named again',
    writer: rec('R', field('i', inX), field('j', 'x.In'), field('k', ['null', 'x.In'])),
    reader: rec('R', field('k', ['null', inY]), field('j', 'y.In')),
    value: { i: { a: 1 }, j: { a: 2 }, k: { a: 3 } },
    read: { k: { a: 3 }, j: { a: 2 } },
  },
  {
    what: 'a union as a whole schema',
    writer: ['null', 'int', 'string'],
    reader: ['string', 'long', 'null'],
    value: 5,
    read: 5,
  },
]

export const rows: readonly AvroRow[] = [...promotions, ...unions, ...named, ...records]
