import t from 'tap'
import { type AbortedTransaction, committedBatches } from '../../lib/client/aborted-filter.js'
import { BatchBuilder, controlBatch, readBatches } from '../../lib/protocol/index.js'
import { type Random, seededRandom } from '../../lib/record/random.js'

/** A log written entry by entry, and what a reader who knows every outcome would see. */
class Log {
  readonly parts: { bytes: Buffer; offset: number; last: number }[] = []
  readonly aborted: (AbortedTransaction & { lastOffset: number })[] = []
  readonly visible = new Set<number>()
  #next = 0
  readonly #open = new Map<number, { first: number; offsets: number[] }>()

  data(producerId: number, count = 1, transactional = true, key = Buffer.from('k')): this {
    const builder = new BatchBuilder()
    for (let i = 0; i < count; i++) builder.append(1, key, Buffer.from('v'))
    const offset = this.#next
    this.#next += count
    const bytes = builder.build({ producerId, producerEpoch: 0, baseSequence: 0, transactional, baseOffset: offset })
    this.parts.push({ bytes, offset, last: this.#next - 1 })
    if (!transactional) this.visible.add(offset)
    else {
      const open = this.#open.get(producerId) ?? { first: offset, offsets: [] }
      open.offsets.push(offset)
      this.#open.set(producerId, open)
    }
    return this
  }

  end(producerId: number, type: 'commit' | 'abort'): this {
    const offset = this.#next++
    const bytes = controlBatch({
      type,
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestamp: 1,
      baseOffset: offset,
    })
    this.parts.push({ bytes, offset, last: offset })
    const open = this.#open.get(producerId)
    this.#open.delete(producerId)
    if (open === undefined) return this
    if (type === 'commit') for (const first of open.offsets) this.visible.add(first)
    else this.aborted.push({ producerId, firstOffset: open.first, lastOffset: offset })
    return this
  }

  /** As a broker answers: whole batches from `from` on, and the aborted transactions that overlap them. */
  fetch(from: number, batches: number): { bytes: Buffer; aborted: AbortedTransaction[]; next: number } {
    const start = this.parts.findIndex(({ last }) => last >= from)
    const chosen = start < 0 ? [] : this.parts.slice(start, start + batches)
    const end = chosen.at(-1)?.last ?? from
    return {
      bytes: Buffer.concat(chosen.map(({ bytes }) => bytes)),
      aborted: this.aborted.filter(({ firstOffset, lastOffset }) => firstOffset <= end && lastOffset >= from),
      next: end + 1,
    }
  }
}

function seen(log: Log, batchesPerFetch: number, random?: Random): number[] {
  const offsets: number[] = []
  let from = 0
  for (;;) {
    const { bytes, aborted, next } = log.fetch(from, batchesPerFetch + (random?.int(3) ?? 0))
    if (bytes.length === 0) return offsets
    offsets.push(...committedBatches(readBatches(bytes), aborted).map(({ baseOffset }) => baseOffset))
    from = next
  }
}

const ROWS: readonly [name: string, log: () => Log, visible: readonly number[]][] = [
  ['a commit', () => new Log().data(1).end(1, 'commit'), [0]],
  ['an abort', () => new Log().data(1).end(1, 'abort'), []],
  ['no producer', () => new Log().data(-1, 3, false), [0]],
  [
    'two aborts by one producer, then a commit',
    () => new Log().data(1).end(1, 'abort').data(1).end(1, 'abort').data(1).end(1, 'commit'),
    [4],
  ],
  [
    'interleaved aborts, the first begun ends last',
    () => new Log().data(1).data(2).data(1).end(2, 'abort').data(1).end(1, 'abort').data(1).end(1, 'commit'),
    [6],
  ],
  ['an abort around a commit', () => new Log().data(1).data(2).end(2, 'commit').data(1).end(1, 'abort'), [1]],
  [
    'key 00 00 00 00 in an aborted transaction',
    () => new Log().data(1, 2, true, Buffer.alloc(4)).data(1).end(1, 'abort').data(1).end(1, 'commit'),
    [4],
  ],
  [
    'idempotent, not transactional, between aborted batches',
    () => new Log().data(1).data(1, 1, false).data(1).end(1, 'abort'),
    [1],
  ],
  ['a marker without data before it', () => new Log().end(1, 'abort').data(1).end(1, 'commit'), [1]],
]

for (const [name, make, visible] of ROWS) {
  t.test(name, async (t) => {
    for (const size of [1, 2, 3, 100]) t.strictSame(seen(make(), size), visible, `${size} batches a fetch`)
  })
}

t.test('a list that comes unsorted, and a null list', async (t) => {
  const log = new Log().data(1).data(2).end(2, 'abort').end(1, 'abort').data(3).end(3, 'commit')
  const { bytes, aborted } = log.fetch(0, 100)
  t.strictSame(
    committedBatches(readBatches(bytes), aborted).map((b) => b.baseOffset),
    [4],
  )
  t.strictSame(
    committedBatches(readBatches(bytes), [...aborted].reverse()).map((b) => b.baseOffset),
    [4],
  )
  t.strictSame(
    committedBatches(readBatches(bytes), null).map((b) => b.baseOffset),
    [0, 1, 4],
  )
})

t.test('random logs, cut at random, against one who knows every outcome', async (t) => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seededRandom(seed)
    const log = new Log()
    const open = new Set<number>()
    for (let step = 0; step < 60; step++) {
      const producer = random.int(4)
      if (open.has(producer) && random.int(3) === 0) {
        open.delete(producer)
        log.end(producer, random.int(2) === 0 ? 'commit' : 'abort')
      } else if (random.int(8) === 0) log.data(producer, 1, false)
      else {
        open.add(producer)
        log.data(producer, 1 + random.int(3), true, random.int(2) === 0 ? Buffer.alloc(4) : Buffer.from('k'))
      }
    }
    for (const producer of open) log.end(producer, random.int(2) === 0 ? 'commit' : 'abort')
    const expected = [...log.visible].sort((a, b) => a - b)
    const actual = seen(log, 1 + random.int(4), random)
    if (JSON.stringify(actual) !== JSON.stringify(expected)) t.strictSame(actual, expected, `seed ${seed}`)
  }
  t.pass('300 seeds')
})
