/** The two ends of a topology under test, typed by their serdes. */
import { MillraceError } from '../../errors.js'
import { type Headers, NO_HEADERS, type TopicRecord } from '../../record/record.js'
import type { Serde } from '../../serde/serde.js'
import { type TestTimes, timesOf } from './record-times.js'
import { requireTimestamp } from './topic-arguments.js'

export type WriteBytes = (key: Buffer | null, value: Buffer | null, timestampMs: number, headers: Headers) => void

/** A record for `pipeRecordList`. */
export interface InputRecord<K, V> {
  readonly key?: K | null
  readonly value: V | null
  /** Default: as for `pipe`. */
  readonly timestamp?: number
  readonly headers?: Headers
}

/** Writes to a source topic of the driver. */
export class TestInputTopic<K, V> {
  readonly topic: string
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #write: WriteBytes
  readonly #times: TestTimes

  /** @internal */
  constructor(topic: string, keySerde: Serde<K>, valueSerde: Serde<V>, write: WriteBytes, times: TestTimes) {
    this.topic = topic
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#write = write
    this.#times = times
  }

  /** Processes one record completely, with its commit. Default of `timestampMs`: see {@link TestInputTimes}. */
  pipe(key: K | null, value: V | null, timestampMs: number = this.#times.take(), headers: Headers = NO_HEADERS): void {
    requireTimestamp(timestampMs, `pipe to ${this.topic}`)
    const keyBytes = key === null ? null : this.#keySerde.serialize(key, this.topic)
    const valueBytes = value === null ? null : this.#valueSerde.serialize(value, this.topic)
    this.#write(keyBytes, valueBytes, timestampMs, headers)
  }

  /** Pipes records one after another. */
  pipeRecordList(records: readonly InputRecord<K, V>[]): void {
    for (const { key = null, value, timestamp, headers } of records) this.pipe(key, value, timestamp, headers)
  }

  /** Pipes pairs of key and value. With `startMs`, the first has this timestamp, and each further one `advanceMs` (default 0) more. */
  pipeKeyValueList(pairs: readonly (readonly [K | null, V | null])[], startMs?: number, advanceMs = 0): void {
    const times = startMs === undefined ? this.#times : timesOf(startMs, advanceMs)
    for (const [key, value] of pairs) this.pipe(key, value, times.take())
  }

  /** Pipes values without keys. */
  pipeValueList(values: readonly (V | null)[], startMs?: number, advanceMs = 0): void {
    this.pipeKeyValueList(
      values.map((value) => [null, value]),
      startMs,
      advanceMs,
    )
  }

  /** Adds to the timestamp of later records. @throws MillraceError CONFIG_INVALID if it is negative */
  advanceTime(byMs: number): void {
    this.#times.advance(byMs)
  }
}

/** A record that the topology has written. */
export interface OutputRecord<K, V> {
  readonly key: K | null
  /** Null: a tombstone. */
  readonly value: V | null
  readonly timestamp: number
  readonly headers: Headers
}

/** Reads a topic that the topology writes to. Each record is read once. */
export class TestOutputTopic<K, V> {
  readonly topic: string
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #next: () => TopicRecord | undefined
  readonly #left: () => number

  /** @internal */
  constructor(
    topic: string,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    next: () => TopicRecord | undefined,
    left: () => number,
  ) {
    this.topic = topic
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#next = next
    this.#left = left
  }

  /** Whether no record is left to read. */
  get isEmpty(): boolean {
    return this.#left() === 0
  }

  /** How many records are left to read. */
  get queueSize(): number {
    return this.#left()
  }

  /** The next record; null if none is left. */
  read(): OutputRecord<K, V> | null {
    const record = this.#next()
    if (record === undefined) return null
    return {
      key: record.key === null ? null : this.#keySerde.deserialize(record.key, this.topic),
      value: record.value === null ? null : this.#valueSerde.deserialize(record.value, this.topic),
      timestamp: record.timestamp,
      headers: record.headers,
    }
  }

  /** Key and value of the next record; null if none is left. */
  readKeyValue(): readonly [key: K | null, value: V | null] | null {
    const record = this.read()
    return record === null ? null : [record.key, record.value]
  }

  /** The value of the next record, which may be null. @throws MillraceError TEST_TOPIC_EMPTY if none is left */
  readValue(): V | null {
    const record = this.read()
    if (record !== null) return record.value
    throw new MillraceError('TEST_TOPIC_EMPTY', `Topic ${this.topic} has no more records.`, { topic: this.topic })
  }

  /** Keys and values of all records that are left. */
  readKeyValuesToList(): (readonly [key: K | null, value: V | null])[] {
    return this.readAll().map(({ key, value }) => [key, value])
  }

  /** Values of all records that are left. */
  readValuesToList(): (V | null)[] {
    return this.readAll().map(({ value }) => value)
  }

  /** All records that are left. */
  readAll(): OutputRecord<K, V>[] {
    const records: OutputRecord<K, V>[] = []
    for (let record = this.read(); record !== null; record = this.read()) records.push(record)
    return records
  }

  /** The last value of each key among the records that are left. Keys are compared as in a Map, so they must be primitive. */
  readToMap(): Map<K | null, V | null> {
    return new Map(this.readAll().map(({ key, value }) => [key, value]))
  }
}
