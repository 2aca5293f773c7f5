/** The two ends of a topology under test, typed by their serdes. */
import { MillraceError } from '../../errors.js'
import { type Headers, NO_HEADERS, type TopicRecord } from '../../record/record.js'
import type { Serde } from '../../serde/serde.js'
import { type TestTimes, timesOf } from './record-times.js'

export type WriteBytes = (key: Buffer | null, value: Buffer | null, timestampMs: number, headers: Headers) => void

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

  /** Made by `TopologyTestDriver.createInputTopic`. */
  constructor(topic: string, keySerde: Serde<K>, valueSerde: Serde<V>, write: WriteBytes, times: TestTimes) {
    this.topic = topic
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#write = write
    this.#times = times
  }

  /** Processes one record to its end, commit included. `timestampMs` defaults to the times of this topic. */
  pipe(key: K | null, value: V | null, timestampMs: number = this.#times.take(), headers: Headers = NO_HEADERS): void {
    const keyBytes = key === null ? null : this.#keySerde.serialize(key, this.topic)
    const valueBytes = value === null ? null : this.#valueSerde.serialize(value, this.topic)
    this.#write(keyBytes, valueBytes, timestampMs, headers)
  }

  /** One after another; a record without a timestamp takes one as `pipe` does. */
  pipeRecordList(records: readonly InputRecord<K, V>[]): void {
    for (const { key = null, value, timestamp, headers } of records) this.pipe(key, value, timestamp, headers)
  }

  /** With `startMs`, the list has times of its own: that, and every `advanceMs` (0) after. */
  pipeKeyValueList(pairs: readonly (readonly [K | null, V | null])[], startMs?: number, advanceMs = 0): void {
    const times = startMs === undefined ? this.#times : timesOf(startMs, advanceMs)
    for (const [key, value] of pairs) this.pipe(key, value, times.take())
  }

  /** The same without keys. */
  pipeValueList(values: readonly (V | null)[], startMs?: number, advanceMs = 0): void {
    this.pipeKeyValueList(
      values.map((value) => [null, value]),
      startMs,
      advanceMs,
    )
  }

  /** Later records without a timestamp are so much later. @throws MillraceError CONFIG_INVALID where it is negative */
  advanceTime(byMs: number): void {
    this.#times.advance(byMs)
  }
}

export interface OutputRecord<K, V> {
  readonly key: K | null
  /** Null: a tombstone. */
  readonly value: V | null
  readonly timestamp: number
  readonly headers: Headers
}

/** Reads what the topology wrote to a topic, each record once. */
export class TestOutputTopic<K, V> {
  readonly topic: string
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #next: () => TopicRecord | undefined
  readonly #left: () => number

  /** Made by `TopologyTestDriver.createOutputTopic`. */
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

  get isEmpty(): boolean {
    return this.#left() === 0
  }

  /** Records that wait to be read. */
  get queueSize(): number {
    return this.#left()
  }

  /** The next record, null when none is left. */
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

  /** Key and value of the next record, null when none is left. */
  readKeyValue(): readonly [key: K | null, value: V | null] | null {
    const record = this.read()
    return record === null ? null : [record.key, record.value]
  }

  /** @throws MillraceError TEST_TOPIC_EMPTY when none is left: null is a value */
  readValue(): V | null {
    const record = this.read()
    if (record !== null) return record.value
    throw new MillraceError('TEST_TOPIC_EMPTY', `Topic ${this.topic} has no more records.`, { topic: this.topic })
  }

  readKeyValuesToList(): (readonly [key: K | null, value: V | null])[] {
    return this.readAll().map(({ key, value }) => [key, value])
  }

  readValuesToList(): (V | null)[] {
    return this.readAll().map(({ value }) => value)
  }

  readAll(): OutputRecord<K, V>[] {
    const records: OutputRecord<K, V>[] = []
    for (let record = this.read(); record !== null; record = this.read()) records.push(record)
    return records
  }

  /** The last value per key of what is left; keys are compared as a Map compares, so use it with primitive keys. */
  readToMap(): Map<K | null, V | null> {
    return new Map(this.readAll().map(({ key, value }) => [key, value]))
  }
}
