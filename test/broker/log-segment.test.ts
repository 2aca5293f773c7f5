/** Reads of saved batches by the sparse index, and of those still in memory, against a plain list of batches. */
import t, { type Test } from 'tap'
import { compactLog } from '../../lib/broker/log/compaction.js'
import { recoverLog } from '../../lib/broker/log/log-recovery.js'
import { PartitionLog } from '../../lib/broker/log/partition-log.js'
import { lastAtMost, SparseIndex, STRETCH_BYTES } from '../../lib/broker/log/sparse-index.js'
import type { LogStorage, SegmentFile } from '../../lib/broker/storage/storage.js'
import { topicConfig } from '../../lib/broker/topic-config.js'
import { readBatches } from '../../lib/protocol/index.js'
import { type Random, seededRandom } from '../../lib/record/random.js'
import { batchOf } from './wire.js'

const NOW = 1_700_000_000_000

/** A segment in memory that refuses to read what it was not told to have saved. */
class ScriptedFile implements SegmentFile {
  readonly baseOffset: number
  savedBytes = 0
  bytes: Buffer = Buffer.alloc(0)
  reads = 0
  readonly #onRemove: (file: ScriptedFile) => void

  constructor(baseOffset: number, onRemove: (file: ScriptedFile) => void) {
    this.baseOffset = baseOffset
    this.#onRemove = onRemove
  }

  get sizeBytes(): number {
    return this.bytes.length
  }

  append(batch: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, batch])
  }

  read(position: number, length: number): Buffer {
    this.reads += 1
    if (length <= 0 || position + length > this.savedBytes) throw new Error('read of what is not saved')
    return Buffer.from(this.bytes.subarray(position, position + length))
  }

  truncate(sizeBytes: number): void {
    this.bytes = this.bytes.subarray(0, sizeBytes)
    this.savedBytes = Math.min(this.savedBytes, sizeBytes)
  }

  rewrite(batches: readonly Buffer[]): void {
    this.bytes = Buffer.concat(batches)
    this.savedBytes = this.bytes.length
  }

  remove(): void {
    this.#onRemove(this)
  }
}

class ScriptedStorage implements LogStorage {
  files: ScriptedFile[] = []

  segments(): readonly SegmentFile[] {
    return [...this.files]
  }

  create(baseOffset: number): SegmentFile {
    const file = new ScriptedFile(baseOffset, (gone) => this.files.splice(this.files.indexOf(gone), 1))
    this.files.push(file)
    return file
  }

  remove(): void {
    this.files = []
  }

  /** Saves a part of what there is, ending anywhere, or all of it. */
  save(random: Random): void {
    for (const file of this.files) {
      if (random.next() < 0.3) file.savedBytes = file.sizeBytes
      else file.savedBytes += random.int(file.sizeBytes - file.savedBytes + 1)
    }
  }
}

function openLog(storage: LogStorage, values: Record<string, string>, logStartOffset = 0): PartitionLog {
  const config = topicConfig(values)
  return new PartitionLog({ topic: 'a', partition: 0, storage, config: () => config, logStartOffset })
}

/** All batches of the log, as they lie in its files. */
function listed(storage: ScriptedStorage) {
  return storage.files.flatMap(({ bytes }) => readBatches(bytes))
}

function naiveRead(storage: ScriptedStorage, offset: number, upTo: number, maxBytes: number, atLeastOne: boolean) {
  const taken: Buffer[] = []
  let sizeBytes = 0
  let nextOffset = offset
  for (const batch of listed(storage)) {
    if (batch.lastOffset < offset) continue
    const isTooMuch = sizeBytes + batch.sizeBytes > maxBytes && !(atLeastOne && sizeBytes === 0)
    if (isTooMuch || batch.baseOffset >= upTo) break
    taken.push(batch.slice())
    sizeBytes += batch.sizeBytes
    nextOffset = batch.lastOffset + 1
  }
  return { bytes: Buffer.concat(taken), sizeBytes, nextOffset }
}

function naiveFirstAt(storage: ScriptedStorage, log: PartitionLog, timestamp: number, upTo: number) {
  for (const batch of listed(storage)) {
    const cursor = batch.records()
    while (cursor.next()) {
      if (cursor.timestamp < timestamp || cursor.offset < log.logStartOffset) continue
      return cursor.offset < upTo ? { timestamp: cursor.timestamp, offset: cursor.offset } : undefined
    }
  }
  return undefined
}

/** Where a batch begins, or the end: what a last stable offset can be. */
function boundary(random: Random, storage: ScriptedStorage, log: PartitionLog): number {
  const batches = listed(storage)
  const at = random.int(batches.length + 3)
  return batches[at]?.baseOffset ?? log.endOffset
}

function same(t: Test, random: Random, storage: ScriptedStorage, log: PartitionLog, note: string): void {
  const firstOffset = storage.files[0]?.baseOffset ?? 0
  for (let i = 0; i < 6; i++) {
    const offset = Math.max(firstOffset, log.endOffset - random.int(log.endOffset - firstOffset + 1))
    const upTo = boundary(random, storage, log)
    const maxBytes = random.next() < 0.2 ? random.int(200) : random.int(random.next() < 0.5 ? 5_000 : 400_000)
    const atLeastOne = random.next() < 0.7
    const { batches, sizeBytes, nextOffset } = log.read(offset, upTo, maxBytes, atLeastOne)
    const expected = naiveRead(storage, offset, upTo, maxBytes, atLeastOne)
    const what = `${note}: ${offset} to ${upTo}, ${maxBytes} bytes`
    t.same({ sizeBytes, nextOffset }, { sizeBytes: expected.sizeBytes, nextOffset: expected.nextOffset }, what)
    t.ok(Buffer.concat(batches).equals(expected.bytes), `${what}: bytes`)
    const timestamp = NOW + random.int(3_000)
    t.same(log.firstAt(timestamp, upTo), naiveFirstAt(storage, log, timestamp, upTo), `${note}: time ${timestamp}`)
  }
}

/** A batch of small records mostly, at times one larger than a stretch of the index. */
function someBatch(random: Random, atMs: number): Buffer {
  const size = random.next() < 0.03 ? STRETCH_BYTES + random.int(50_000) : random.int(700)
  const rows = Array.from({ length: 1 + random.int(3) }, (_, i) => ({
    key: `k${random.int(12)}`,
    value: random.next() < 0.1 ? null : 'x'.repeat(i === 0 ? size : 5),
    timestamp: atMs + random.int(300),
  }))
  return batchOf(rows)
}

t.test('random appends, saves, compactions, moved starts and restarts read as a plain list does', (t) => {
  for (let seed = 0; seed < 12; seed++) {
    const random = seededRandom(`log-segment/${seed}`)
    const storage = new ScriptedStorage()
    const values = { 'segment.bytes': '150000', 'min.cleanable.dirty.ratio': '0', 'delete.retention.ms': '400' }
    let log = openLog(storage, values)
    let nowMs = NOW
    for (let round = 0; round < 60; round++) {
      for (let i = random.int(40); i > 0; i--) {
        nowMs += random.int(5)
        log.append(someBatch(random, nowMs - NOW > 2_000 ? NOW : nowMs), nowMs)
      }
      const kind = random.int(12)
      if (kind < 6) storage.save(random)
      if (kind === 5) log.evictSaved()
      if (kind === 6 && storage.files.length > 3) log.moveStart(boundary(random, storage, log))
      if (kind === 7 || kind === 8) compactLog(log, nowMs, 100_000)
      if (kind === 9) {
        for (const file of storage.files) file.savedBytes = file.sizeBytes
        const before = { endOffset: log.endOffset, latest: log.latestTimestamp() }
        log = openLog(storage, values, log.logStartOffset)
        t.equal(recoverLog(log, nowMs).droppedBytes, 0)
        t.same({ endOffset: log.endOffset, latest: log.latestTimestamp() }, before, 'after a restart')
        t.ok(
          log.segments.every(({ residentFrom, sizeBytes }) => residentFrom === sizeBytes),
          'nothing saved is in memory',
        )
      }
      t.equal(
        log.segments.reduce((sum, { batchCount }) => sum + batchCount, 0),
        listed(storage).length,
      )
      same(t, random, storage, log, `seed ${seed}, round ${round}`)
    }
  }
  t.end()
})

t.test('a torn tail is cut, and what is left reads as before', (t) => {
  const random = seededRandom('log-segment torn')
  for (let round = 0; round < 20; round++) {
    const storage = new ScriptedStorage()
    const log = openLog(storage, {})
    for (let i = 0; i < 150; i++) log.append(someBatch(random, NOW + i), NOW)
    const file = storage.files[0]!
    const whole = readBatches(file.bytes)
    const cut = 1 + random.int(file.sizeBytes - 1)
    if (round % 2 === 0) file.truncate(cut)
    else file.bytes[cut]! ^= 0x10
    file.savedBytes = file.sizeBytes
    const kept = whole.filter((batch) => batch.start + batch.sizeBytes <= cut)
    const again = openLog(storage, {})
    recoverLog(again, NOW)
    t.equal(again.endOffset, (kept.at(-1)?.lastOffset ?? -1) + 1, `cut at ${cut}`)
    again.append(someBatch(random, NOW), NOW)
    same(t, random, storage, again, `round ${round}`)
  }
  t.end()
})

t.test('what is in memory is never read from storage, and what is saved takes few reads', (t) => {
  const random = seededRandom('log-segment reads')
  const storage = new ScriptedStorage()
  const log = openLog(storage, {})
  for (let i = 0; i < 800; i++) log.append(someBatch(random, NOW + i), NOW)
  const file = storage.files[0]!
  file.savedBytes = file.sizeBytes
  const savedEnd = log.endOffset
  for (let i = 0; i < 100; i++) log.append(someBatch(random, NOW + i), NOW)
  t.equal(file.reads, 0)
  for (let offset = savedEnd; offset < log.endOffset; offset++) log.read(offset, log.endOffset, 1_000_000, true)
  log.read(log.endOffset, log.endOffset, 1_000_000, true)
  log.read(0, 0, 1_000_000, true)
  t.equal(file.reads, 0, 'reads of the tail, and those that find nothing')
  log.read(0, log.endOffset, 300_000, true)
  log.read(300, log.endOffset, 300_000, true)
  t.equal(file.reads, 2, 'one read each')
  t.ok(log.segments[0]!.residentFrom > file.sizeBytes * 0.9)
  t.end()
})

t.test('damage inside a saved part is an error, not an endless walk', (t) => {
  for (const length of [-12, 0, 20, 1 << 30]) {
    const storage = new ScriptedStorage()
    const log = openLog(storage, {})
    for (let i = 0; i < 50; i++) log.append(batchOf([{ value: 'x' }]), NOW)
    const file = storage.files[0]!
    file.savedBytes = file.sizeBytes
    log.evictSaved()
    file.bytes.writeInt32BE(length, readBatches(file.bytes)[20]!.start + 8)
    t.throws(() => log.read(0, log.endOffset, 100_000, true), { code: 'BROKER_STORAGE_FAILED' })
    t.throws(() => log.firstAt(NOW + 1, log.endOffset) ?? [...log.segments[0]!.batches()], {
      code: 'BROKER_STORAGE_FAILED',
    })
  }
  t.end()
})

t.test('the index alone: rows', (t) => {
  const index = new SparseIndex()
  t.same([index.startFor(5), index.endFor(5), index.lastWithin(100, 5)], [0, 0, undefined], 'empty')
  // Three stretches: offsets 0 to 19, 30 to 39 (one large batch), 40 to 41.
  const half = STRETCH_BYTES / 2
  index.add({ baseOffset: 0, lastOffset: 9, maxTimestamp: 5, sizeBytes: half })
  index.add({ baseOffset: 10, lastOffset: 19, maxTimestamp: 3, sizeBytes: half })
  index.add({ baseOffset: 30, lastOffset: 39, maxTimestamp: 1, sizeBytes: 3 * STRETCH_BYTES })
  index.add({ baseOffset: 40, lastOffset: 41, maxTimestamp: 9, sizeBytes: 70 })
  const [second, third, end] = [STRETCH_BYTES, 4 * STRETCH_BYTES, 4 * STRETCH_BYTES + 70]
  const rows: [offset: number, start: number, end: number][] = [
    [0, 0, second],
    [19, 0, second],
    [25, 0, second],
    [30, second, third],
    [39, second, third],
    [40, third, end],
    [99, third, end],
  ]
  for (const [offset, start, stop] of rows) t.same([index.startFor(offset), index.endFor(offset)], [start, stop])
  const whole: [position: number, offset: number, number?, number?][] = [
    [second - 1, 99],
    [second, 29],
    [second, 30, second, 19],
    [third - 1, 99, second, 19],
    [third, 99, third, 39],
    [end, 39, second, 19],
    [end, 40, third, 39],
  ]
  for (const [position, offset, stop, lastOffset] of whole) {
    t.same(index.lastWithin(position, offset), stop === undefined ? undefined : { end: stop, lastOffset })
  }
  t.same(
    [...index.since(4)].map(({ start }) => start),
    [0, third],
  )
  t.same([...index.since(10)], [])
  t.same(
    [0, 1, 2, 5, 6].map((value) => lastAtMost([1, 3, 5], value)),
    [-1, 0, 0, 2, 2],
  )
  t.end()
})
