/** The two ends of a topology under test, typed by their serdes. */
import { type Headers, NO_HEADERS, type TopicRecord } from '../record/record.js'
import type { Serde } from '../serde/serde.js'

/** Writes to a source topic of the driver. */
export class TestInputTopic<K, V> {
  readonly topic: string
  readonly #keySerde: Serde<K>
  readonly #valueSerde: Serde<V>
  readonly #write: (key: Buffer | null, value: Buffer | null, timestampMs: number, headers: Headers) => void
  readonly #nowMs: () => number

  /** Made by `TopologyTestDriver.createInputTopic`. */
  constructor(
    topic: string,
    keySerde: Serde<K>,
    valueSerde: Serde<V>,
    write: (key: Buffer | null, value: Buffer | null, timestampMs: number, headers: Headers) => void,
    nowMs: () => number,
  ) {
    this.topic = topic
    this.#keySerde = keySerde
    this.#valueSerde = valueSerde
    this.#write = write
    this.#nowMs = nowMs
  }

  /** Processes one record to its end, commit included. `timestampMs` defaults to the driver's wall clock. */
  pipe(key: K | null, value: V | null, timestampMs: number = this.#nowMs(), headers: Headers = NO_HEADERS): void {
    const keyBytes = key === null ? null : this.#keySerde.serialize(key, this.topic)
    const valueBytes = value === null ? null : this.#valueSerde.serialize(value, this.topic)
    this.#write(keyBytes, valueBytes, timestampMs, headers)
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
