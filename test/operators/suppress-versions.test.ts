/** Rows of suppression buffers that older releases of Kafka Streams logged: read as Kafka Streams 4.3.1 reads them. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { untilTimeLimit } from '../../lib/dsl/plan/suppressed.js'
import { StreamsBuilder } from '../../lib/dsl/streams-builder.js'
import { string } from '../../lib/serde/primitive.js'
import { decodeBufferedRow, encodeBufferedRow } from '../../lib/serde/suppress-buffer.js'
import { currentRow } from '../../lib/serde/suppress-buffer-versions.js'
import type { SuppressBuffer } from '../../lib/state/ports/suppress-buffer.js'
import { TaskHarness, writtenBy } from '../task/harness.js'

const fromHex = (text: string) => (text === '-' ? null : Buffer.from(text.slice(1), 'hex'))

/** Version told, prior value in the buffer, the row, and what Kafka Streams makes of it as it would log it now. */
const ROWS = readFileSync(new URL('fixtures/suppress-buffer-versions.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [version: string, prior: string, bytes: string, now: string])

function logged(version: number) {
  const own = { key: 'own', value: Buffer.of(1) }
  const headers = version === 0 ? [own] : [own, { key: 'v', value: Buffer.of(version) }]
  return { topic: 'changes', partition: 2, cursor: { offset: 17, timestamp: 4711, headers: () => headers } }
}

t.test('every version is read as Kafka Streams reads it', async (t) => {
  const seen = new Map<string, number>()
  for (const [version, prior, bytes, now] of ROWS) {
    const read = () => currentRow(fromHex(bytes)!, logged(Number(version)), () => fromHex(prior) ?? undefined)
    const what = now === 'refused' ? `${version} refused` : version
    // A row of the present version is not looked at before it is needed.
    if (what === '3 refused') continue
    seen.set(what, (seen.get(what) ?? 0) + 1)
    if (now === 'refused') t.throws(read, { code: 'SERDE_BYTES_INVALID', topic: 'changes', offset: 17 })
    else t.equal(`x${read().toString('hex')}`, now, `${version} ${bytes}`)
  }
  t.same([...seen.keys()].sort(), ['0', '0 refused', '1', '1 refused', '2', '2 refused', '3'])
  t.throws(() => currentRow(Buffer.alloc(99), logged(4), () => null), { code: 'SERDE_BYTES_INVALID' })
})

t.test('a buffer restored from an old changelog goes on, and knows what downstream saw last', async (t) => {
  const builder = new StreamsBuilder()
  builder
    .table('in', { key: string, value: string, store: { name: 'rows' } })
    .suppress(untilTimeLimit(10, { maxRecords: 100 }))
    .toStream()
    .to('out', { key: string, value: string })
  const topology = builder.build()
  const buffer = topology.stores.find(({ kind }) => kind === 'suppressBuffer')!.name
  const sized = (text: string | null) => {
    if (text === null) return Buffer.from('ffffffff', 'hex')
    const bytes = Buffer.from(text)
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const version0 = (timeMs: number, old: string | null, now: string | null) => {
    const time = Buffer.alloc(8)
    time.writeBigInt64BE(BigInt(timeMs))
    return Buffer.concat([time, sized(old), sized(now)])
  }
  const harness = new TaskHarness(topology)
  const restore = (key: string, value: Buffer | null) =>
    harness.task.state.restore(buffer, Buffer.from(key), value, 4711, { headers: () => [], logged: logged(0) })
  restore('a', version0(1, 'seen', 'first'))
  restore('a', version0(1, 'first', 'second'))
  restore('b', version0(3, null, 'gone'))
  restore('b', null)
  const held = harness.task.state.store<SuppressBuffer<string, string>>(buffer)
  t.equal(held.prior('a'), 'seen')
  t.equal(held.prior('b'), undefined)
  harness.add('in', [{ key: Buffer.from('c'), value: Buffer.from('x'), timestamp: 20 }], 0)
  harness.task.process(1)
  const out = writtenBy(harness.task.collectCommit()!).filter(({ topic }) => topic === 'out')
  t.same(
    out.map(({ key, value, timestamp }) => [key?.toString(), value?.toString(), timestamp]),
    [['a', 'second', 4711]],
  )
})

t.test('the present version is taken as it is', async (t) => {
  const row = encodeBufferedRow({
    timestamp: 1,
    offset: 2,
    topic: 't',
    partition: 3,
    headers: [],
    prior: null,
    old: null,
    now: Buffer.from('n'),
    bufferTimeMs: 4,
  })
  t.equal(
    currentRow(row, logged(3), () => undefined),
    row,
  )
  t.equal(decodeBufferedRow(row).bufferTimeMs, 4)
})
