/** Compares the output of a topology with that of Kafka Streams, as strictly as the case requires. */
import type { CaseRecord, ConformanceCase, EmittedRecord, WindowedKey } from '../cases/case.js'

/** Null: equal. Otherwise the first difference, in words. */
export function difference(testCase: ConformanceCase, emitted: readonly EmittedRecord[]): string | null {
  const expected = testCase.expected ?? []
  switch (testCase.compare ?? 'exact') {
    case 'exact':
      return perTopic(expected, emitted, firstUnequal)
    case 'sortedByKeyAndWindowStart':
      return perTopic(expected, emitted, (want, got) => firstUnequal(sorted(want), sorted(got)))
    case 'setPerWindow':
      return perTopic(expected, emitted, (want, got) => setDifference(perWindow(want), perWindow(got)))
    case 'lastPerKey':
      return perTopic(expected, emitted, lastDifference)
    case 'mapPerCheckpoint':
      return perTopic(expected, emitted, (want, got) => mapDifference(testCase.checkpoints ?? [], want, got))
    default:
      throw new Error(`compare mode ${testCase.compare} is not one of records`)
  }
}

type Compare = (expected: readonly CaseRecord[], emitted: readonly EmittedRecord[]) => string | null

function perTopic(expected: readonly CaseRecord[], emitted: readonly EmittedRecord[], compare: Compare): string | null {
  const topics = new Set([...expected, ...emitted].map(({ topic }) => topic))
  for (const topic of topics) {
    const found = compare(
      expected.filter((record) => record.topic === topic),
      emitted.filter((record) => record.topic === topic),
    )
    if (found !== null) return `topic ${topic}: ${found}`
  }
  return null
}

function firstUnequal(expected: readonly CaseRecord[], emitted: readonly EmittedRecord[]): string | null {
  for (let i = 0; i < Math.max(expected.length, emitted.length); i++) {
    const want = expected[i]
    const got = emitted[i]
    if (want === undefined) return `record ${i + 1}: expected nothing more, got ${text(got!)} at input ${got!.at}`
    if (got === undefined) return `record ${i + 1}: expected ${text(want)}, got nothing more`
    if (!alike(want, got)) {
      return `record ${i + 1}: expected ${text(want)}, got ${text(got)} at input ${got.at}`
    }
    if (want.after !== undefined && got.at > want.after) {
      return `record ${i + 1}: ${text(want)} is due by input ${want.after}, came at input ${got.at}`
    }
  }
  return null
}

function isWindowed(key: CaseRecord['key']): key is WindowedKey {
  return typeof key === 'object' && key !== null
}

function keyText(key: CaseRecord['key']): string {
  return isWindowed(key) ? `${JSON.stringify(key.key)}@[${key.start},${key.end}]` : JSON.stringify(key)
}

function text({ key, value, ts }: CaseRecord): string {
  return `${keyText(key)} = ${JSON.stringify(value)} (ts ${ts ?? 'any'})`
}

/** A record without a time may come at any. */
function alike(want: CaseRecord, got: CaseRecord): boolean {
  const { key, value, ts = got.ts } = want
  return text({ topic: want.topic, key, value, ...(ts !== undefined && { ts }) }) === text(got)
}

function sorted<R extends CaseRecord>(records: readonly R[]): R[] {
  const inner = (record: R) => (isWindowed(record.key) ? record.key.key : record.key)
  const start = (record: R) => (isWindowed(record.key) ? record.key.start : 0)
  return [...records].sort((a, b) => compareKeys(inner(a), inner(b)) || start(a) - start(b))
}

function compareKeys(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const left = String(a)
  const right = String(b)
  return left < right ? -1 : left > right ? 1 : 0
}

/** Window start → the set of (value, ts). */
function perWindow(records: readonly CaseRecord[]): ReadonlySet<string> {
  return new Set(
    records.map(({ key, value, ts }) => {
      const start = isWindowed(key) ? key.start : 'none'
      return `window ${start}: ${JSON.stringify(value)} (ts ${ts})`
    }),
  )
}

function lastPerKey<R extends CaseRecord>(records: readonly R[]): ReadonlyMap<string, R> {
  return new Map(records.map((record) => [keyText(record.key), record]))
}

/** Only keys the case lists are compared: it may have been taken from a test that asks for a few. */
function lastDifference(expected: readonly CaseRecord[], emitted: readonly CaseRecord[]): string | null {
  const last = lastPerKey(emitted)
  for (const [key, want] of lastPerKey(expected)) {
    const got = last.get(key)
    if (got === undefined) return `expected ${text(want)}, which never came`
    if (!alike(want, got)) return `expected ${text(want)} in the end, got ${text(got)}`
  }
  return null
}

function setDifference(want: ReadonlySet<string>, got: ReadonlySet<string>): string | null {
  for (const item of want) if (!got.has(item)) return `expected ${item}, which never came`
  for (const item of got) if (!want.has(item)) return `got ${item}, which was not expected`
  return null
}

/** Between two checkpoints the last value per key counts. */
function mapDifference(
  checkpoints: readonly number[],
  expected: readonly CaseRecord[],
  emitted: readonly EmittedRecord[],
): string | null {
  const asSet = (records: readonly CaseRecord[]) =>
    new Set(
      [...new Map(records.map(({ key, value }) => [keyText(key), value]))].map(
        ([key, value]) => `${key} = ${JSON.stringify(value)}`,
      ),
    )
  let from = 0
  for (const checkpoint of checkpoints) {
    const want = asSet(expected.filter(({ after }) => after === checkpoint))
    const got = asSet(emitted.filter(({ at }) => at > from && at <= checkpoint))
    const found = setDifference(want, got)
    if (found !== null) return `inputs ${from + 1} to ${checkpoint}: ${found}`
    from = checkpoint
  }
  return null
}
