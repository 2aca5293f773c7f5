/**
 * The requirements for a key-value store declared `ordered` on any engine: rows, and random runs (commits, aborts,
 * crashes, restores, the declaration removed and added again) compared with a plain map.
 */
import assert from 'node:assert/strict'
import { isMillraceError } from '../../../errors.js'
import { type Random, seededRandom } from '../../../record/random.js'
import { bytes, int64 } from '../../../serde/primitive.js'
import type { Serde } from '../../../serde/serde.js'
import type { StateEngines } from '../../../state/engine/engine.js'
import type { OrderedKeyValueStore, Row } from '../../../state/ports/ordered.js'
import type { StoreDefinition } from '../../../state/stores/index.js'
import { StoreRig } from './rig.js'

export type EnginesCase = readonly [name: string, check: (engines: StateEngines) => Promise<void>]

const STORE = 'ordered'

export function orderedStore(changes: Partial<StoreDefinition> & { readonly name: string }): StoreDefinition {
  const settings = {
    kind: 'timestampedKeyValue',
    keySerde: bytes as Serde<unknown>,
    valueSerde: int64 as Serde<unknown>,
    logged: true,
    cached: false,
    engine: 'level',
    changelogTopic: null,
    topicConfig: {},
    ordered: true,
    ...changes,
  }
  return settings as StoreDefinition
}

const DECLARED = [orderedStore({ name: STORE })]
const NOT_DECLARED = [orderedStore({ name: STORE, ordered: false })]

type Store = OrderedKeyValueStore<Buffer, number>

/** Byte string → value and timestamp. */
type Rows = ReadonlyMap<string, { readonly value: number; readonly timestamp: number }>

function text(rows: Iterable<Row<Buffer, number>>): string[] {
  return Array.from(rows, ({ key, value, timestamp }) => `${key.toString('hex')}=${value}@${timestamp}`)
}

/** The rows with from <= key < to. */
function expected(rows: Rows, from = '', to = '\u0100'): string[] {
  return [...rows]
    .filter(([key]) => key >= from && key < to)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { value, timestamp }]) => `${Buffer.from(key, 'latin1').toString('hex')}=${value}@${timestamp}`)
}

const raw = (key: string) => Buffer.from(key, 'latin1')

/** Few keys that are prefixes of one another, or many. */
function randomKey(random: Random): string {
  const length = random.int(4)
  let key = ''
  for (let i = 0; i < length; i++)
    key += String.fromCharCode([0, 1, 0x61, 0x62, 0x7f, 0x80, 0xfe, 0xff][random.int(8)]!)
  return random.int(2) === 0 ? key : key + String.fromCharCode(random.int(256), random.int(8))
}

function compare(store: Store, rows: Rows, random: Random): void {
  assert.deepEqual(text(store.all()), expected(rows))
  assert.deepEqual(text(store.reverseAll()), expected(rows).reverse())
  assert.equal(store.approximateEntries(), rows.size)
  for (let n = 0; n < 6; n++) {
    const from = random.int(4) === 0 ? null : randomKey(random)
    const to = random.int(4) === 0 ? null : randomKey(random)
    const ends = [from === null ? null : raw(from), to === null ? null : raw(to)] as const
    const found = expected(rows, from ?? '', to === null ? undefined : `${to}\0`)
    assert.deepEqual(text(store.range(...ends)), found)
    assert.deepEqual(text(store.reverseRange(...ends)), found.reverse())
    const prefix = randomKey(random).slice(0, 2)
    assert.deepEqual(text(store.prefixScan(raw(prefix))), expected(rows, prefix, `${prefix}\u0100`))
  }
}

/** Puts and deletes while a walk is in progress. */
function walkAndWrite(store: Store, rows: Map<string, { value: number; timestamp: number }>, random: Random): void {
  const reverse = random.int(2) === 0
  const waiting = [...rows.keys()].sort()
  const known = new Set(waiting)
  if (reverse) waiting.reverse()
  for (const { key, value } of reverse ? store.reverseAll() : store.all()) {
    const at = key.toString('latin1')
    // Those deleted in the meantime are omitted.
    while (waiting.length > 0 && waiting[0] !== at && !rows.has(waiting[0]!)) waiting.shift()
    assert.equal(waiting.shift(), at)
    assert.equal(value, rows.get(at)!.value)
    for (let n = random.int(3); n > 0; n--) {
      const other = random.int(3) === 0 ? at : (waiting[random.int(40)] ?? at)
      const kept = rows.get(other)
      if (random.int(3) === 0) {
        store.delete(raw(other))
        rows.delete(other)
      } else if (kept !== undefined) {
        store.put(raw(other), kept.value + 1, kept.timestamp)
        rows.set(other, { ...kept, value: kept.value + 1 })
      }
      // New keys are never met, or this would not end.
      const born = `${at}\xff${n}`
      if (known.has(born)) continue
      store.put(raw(born), n, n)
      rows.set(born, { value: n, timestamp: n })
    }
  }
  assert.deepEqual(
    waiting.filter((key) => rows.has(key)),
    [],
  )
}

async function randomLife(engines: StateEngines, seed: number): Promise<void> {
  const random = seededRandom(`ordered/${seed}`)
  const rig = new StoreRig(engines)
  await rig.open(DECLARED)
  let committed: Rows = new Map()
  let rows = new Map(committed)
  const store = () => rig.state.store<Store>(STORE)
  for (let step = 0; step < 50; step++) {
    // Grows first, then shrinks, so that pages split and empty.
    const deletes = step < 25 ? 1 : 6
    for (let n = random.int(120); n > 0; n--) {
      const key = random.int(3) === 0 ? ([...rows.keys()][random.int(50)] ?? randomKey(random)) : randomKey(random)
      if (random.int(8) < deletes) {
        store().put(raw(key), null, n)
        rows.delete(key)
      } else {
        store().put(raw(key), n, step)
        rows.set(key, { value: n, timestamp: step })
      }
    }
    const what = random.int(12)
    if (what < 5) {
      rig.commit()
      committed = new Map(rows)
      if (what < 2) await rig.flush()
    } else if (what === 5) {
      rig.abort()
      rows = new Map(committed)
    } else if (what === 6) {
      await rig.restart(random.int(2) === 0)
      rows = new Map(committed)
    } else if (what === 7) {
      await rig.restore()
      rows = new Map(committed)
    } else if (what === 8) {
      walkAndWrite(store(), rows, random)
    } else if (what === 9) {
      await rig.restart(random.int(2) === 0, NOT_DECLARED)
      rows = new Map(committed)
      assert.throws(
        () => store().all(),
        (error) => isMillraceError(error, 'STATE_NOT_ORDERED'),
      )
      for (const key of [randomKey(random), ...[...rows.keys()].slice(0, 20)]) {
        store().delete(raw(key))
        rows.delete(key)
      }
      const key = randomKey(random)
      store().put(raw(key), step, step)
      rows.set(key, { value: step, timestamp: step })
      rig.commit()
      committed = new Map(rows)
      await rig.restart(random.int(2) === 0, DECLARED)
    }
    compare(store(), rows, random)
  }
  await rig.close()
}

export const ORDERED_CASES: readonly EnginesCase[] = [
  [
    'ordered store: ascending by unsigned bytes, shorter first',
    async (engines) => {
      const rig = new StoreRig(engines)
      await rig.open(DECLARED)
      const keys = ['', '00', '0000', '0001', '01', '7f', '80', 'ff', 'ff00', 'ffff']
      const store = rig.state.store<Store>(STORE)
      for (const [n, key] of [...keys.entries()].reverse()) store.put(Buffer.from(key, 'hex'), n, 0)
      const found = (rows: Iterable<Row<Buffer, number>>) => Array.from(rows, ({ key }) => key.toString('hex'))
      assert.deepEqual(found(store.all()), keys)
      assert.deepEqual(found(store.range(Buffer.from([0]), Buffer.from([0x80]))), keys.slice(1, 7))
      assert.deepEqual(found(store.range(Buffer.from([0x80]), Buffer.from([0]))), [])
      assert.deepEqual(found(store.reverseRange(null, Buffer.from([1]))), keys.slice(0, 5).reverse())
      assert.deepEqual(found(store.prefixScan(Buffer.from([0xff]))), ['ff', 'ff00', 'ffff'])
      for (const { key } of store.range(Buffer.from([1]), null)) {
        assert.equal(key.toString('hex'), '01')
        break
      }
      await rig.close()
    },
  ],
  [
    'ordered store: tens of thousands of keys, in and out of order, then taken away',
    async (engines) => {
      const rig = new StoreRig(engines)
      await rig.open(DECLARED)
      const store = () => rig.state.store<Store>(STORE)
      const keyOf = (n: number) => {
        const key = Buffer.alloc(4)
        key.writeUInt32BE(n % 2 === 0 ? n : Math.imul(n, 2_654_435_761) >>> 0)
        return key
      }
      const count = 20_000
      for (let n = 0; n < count; n++) store().put(keyOf(n), n, 0)
      rig.commit()
      await rig.restart(true)
      const sorted = Array.from({ length: count }, (_, n) => keyOf(n)).sort(Buffer.compare)
      let at = 0
      for (const { key } of store().all()) assert.ok(key.equals(sorted[at++]!))
      assert.equal(at, count)
      for (const key of sorted.slice(100, -100)) store().delete(key)
      const rest = [...sorted.slice(0, 100), ...sorted.slice(-100)].map((key) => key.toString('hex'))
      assert.deepEqual(
        Array.from(store().all(), ({ key }) => key.toString('hex')),
        rest,
      )
      assert.deepEqual(
        Array.from(store().reverseAll(), ({ key }) => key.toString('hex')),
        rest.reverse(),
      )
      rig.abort()
      assert.equal(store().approximateEntries(), count)
      await rig.close()
    },
  ],
  ...[1, 2].map((seed): EnginesCase => [`ordered store: random life ${seed}`, (engines) => randomLife(engines, seed)]),
]
