/** What is no object of options, no serde or no window, in plain JavaScript: rejected at build. */
import t from 'tap'
import { json, string } from '../../lib/index.js'
import { builder, grouped, joiner, type Row, stream, table, text } from './given.js'

const none = undefined as never
const count = () => 0
const OBJECT = /takes an object of options /

const SHAPES: readonly Row[] = [
  ['stream, nothing', 'TOPOLOGY_SERDE_MISSING', /stream of in needs a key serde/, () => builder().stream('in', none)],
  ['stream, a key', 'TOPOLOGY_SERDE_MISSING', /value serde/, () => builder().stream('in', { key: string } as never)],
  ['table', 'TOPOLOGY_SERDE_MISSING', /table of in needs a key serde/, () => builder().table('in', {} as never)],
  ['globalTable', 'TOPOLOGY_SERDE_MISSING', /needs a key serde/, () => builder().globalTable('in', none)],
  [
    'a serde by its name',
    'CONFIG_INVALID',
    /key is a string: use a serde/,
    () => builder().stream('in', { key: 'string', value: string } as never),
  ],
  [
    'a serde that was not made',
    'CONFIG_INVALID',
    /value is a function: use a serde/,
    () => builder().stream('in', { key: string, value: json } as never),
  ],
  ['a sink', 'CONFIG_INVALID', /value is an object: use a serde/, () => stream().to('out', { value: {} } as never)],
  ['a name', 'CONFIG_INVALID', /\(name\), not a string/, () => stream().filter(() => true, 'mine' as never)],
  ['a list', 'CONFIG_INVALID', /takes an object of options .*not an array/, () => stream().to('out', ['x'] as never)],
  ['null', 'CONFIG_INVALID', /takes an object of options .*not null/, () => grouped().count(null as never)],
  ['aggregate, nothing', 'CONFIG_INVALID', OBJECT, () => grouped().aggregate(none)],
  ['aggregate, a function', 'CONFIG_INVALID', /not a function/, () => grouped().aggregate(count as never)],
  [
    'cogroup without a store',
    'TOPOLOGY_SERDE_MISSING',
    /needs a value serde/,
    () =>
      grouped()
        .cogroup(count)
        .aggregate({ initializer: count } as never),
  ],
  [
    'a join without a joiner',
    'TOPOLOGY_FUNCTION_MISSING',
    /needs the function `joiner`/,
    () => {
      const b = builder()
      stream(b).join(table(b), {} as never)
    },
  ],
  [
    'a join of streams without a window',
    'WINDOW_INVALID',
    /needs `window`/,
    () => {
      const b = builder()
      stream(b).join(b.stream('other', text), { joiner } as never)
    },
  ],
  [
    'a join of tables, a function',
    'CONFIG_INVALID',
    /takes an object of options .*not a function/,
    () => {
      const b = builder()
      table(b).outerJoin(b.table('other', text), joiner as never)
    },
  ],
  ['windowedBy', 'WINDOW_INVALID', /windowedBy takes/, () => grouped().windowedBy({ sizeMs: 5 } as never)],
]

t.test('shapes that do not fit', async (t) => {
  for (const [what, code, message, make] of SHAPES) t.throws(make, { code, message }, what)
})
