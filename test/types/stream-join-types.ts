/** Stream-stream joins and versioned stores: what compiles, and what must not. Compiled by `types.test.ts`, never run. */
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { int32, string } from '../../lib/serde/primitive.js'
import { joinWindow } from '../../lib/windows/join-window.js'

const builder = new StreamsBuilder()
const names = builder.stream('names', { key: string, value: string }).filterNotNull()
const sizes = builder.stream('sizes', { key: string, value: int32 }).filterNotNull()
const numbered = builder.stream('numbered', { key: int32, value: string }).filterNotNull()
const window = joinWindow({ beforeMs: 1, afterMs: 1 })

function same<A, B>(_equal: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void {}

const inner = names.join(sizes, {
  window,
  joiner(name, size, key) {
    same<typeof name, string>(true)
    same<typeof size, number>(true)
    same<typeof key, string>(true)
    return size
  },
})
inner.to('out', { value: int32 })
// @ts-expect-error: no serde for the joined value
inner.to('out')
// A result of the left value's type keeps its serde.
names.join(sizes, { window, joiner: (name) => name }).to('out')
names.leftJoin(sizes, {
  window,
  joiner(name, size) {
    same<typeof name, string>(true)
    same<typeof size, number | null>(true)
    return ''
  },
})
names.outerJoin(sizes, {
  window,
  joiner(name, size) {
    same<typeof name, string | null>(true)
    same<typeof size, number | null>(true)
    return ''
  },
})
// @ts-expect-error: no window
names.join(sizes, { joiner: () => '' })
// @ts-expect-error: streams of different keys
names.join(numbered, { window, joiner: () => '' })

const lengths = names.mapValues((value) => value.length)
// @ts-expect-error: no serde for the left value
lengths.join(sizes, { window, joiner: () => '' })
lengths.join(sizes, { window, joiner: () => '', value: int32 })
// @ts-expect-error: no serde for the right value
sizes.join(lengths, { window, joiner: () => '' })
sizes.join(lengths, { window, joiner: () => '', otherValue: int32 })
// @ts-expect-error: a serde for another type
sizes.join(lengths, { window, joiner: () => '', otherValue: string })

const rekeyed = names.selectKey((_key, value) => value.length)
// @ts-expect-error: no serde for the new key
rekeyed.join(numbered, { window, joiner: () => '' })
rekeyed.join(numbered, { window, joiner: () => '', key: int32 })

const rows = builder.table('rows', {
  key: string,
  value: int32,
  store: { name: 'rows', versioned: { historyRetentionMs: 1 } },
})
names.join(rows, { joiner: (name, row) => `${name}${row}`, graceMs: 1 })
// @ts-expect-error: a window is for two streams
names.join(rows, { window, joiner: () => '' })
