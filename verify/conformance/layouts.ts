/** Byte layouts of `vectors` cases: each is recognised by the name of the Java class that writes it. */
import { changed } from '../../lib/serde/changed.js'
import {
  combinedKey,
  INSTRUCTION,
  type Instruction,
  responseSerde,
  subscriptionSerde,
} from '../../lib/serde/foreign-key.js'
import { sessionKey, timeWindowedKey, windowStoreKey } from '../../lib/serde/key-layouts.js'
import { murmur3 } from '../../lib/serde/murmur3.js'
import { bigint64, float64, int32, int64, string } from '../../lib/serde/primitive.js'
import type { Serde } from '../../lib/serde/serde.js'
import { unmatchedKey } from '../../lib/serde/unmatched.js'

type Layout = (input: string) => Buffer | null

/** The first whose name is in the description of a vector is the one. */
const LAYOUTS: readonly (readonly [name: RegExp, layout: Layout])[] = [
  [/\bTimeWindowed(Serializer|Serde)\b/, (input) => timeWindowedKey(windowed(input).key, windowed(input).first)],
  [/\bSession(WindowedSerializer|WindowedSerde|KeySchema)\b/, sessionBytes],
  [/\bWindowKeySchema\b|^same with seq/, (input) => storeKey(input)],
  [/\bValueAndTimestamp/, timestamped],
  [/\bChanged(Serializer|Serde)\b/, changeBytes],
  [/\bsubscription ?store ?key\b|\bCombinedKey/i, foreignStoreKey],
  [/\bSubscriptionResponseWrapper/, responseBytes],
  [/\bSubscriptionWrapper/, subscriptionBytes],
  [/\bTimestampedKeyAndJoinSide/, joinSideKey],
  [/\bLeftOrRightValue/, leftOrRight],
  [/\bmurmur3|\bhash128/i, (input) => murmur3(Buffer.from(input, 'utf8'))],
  [/\bInteger(Serializer|Serde)\b/, (input) => int32.serialize(Number(input), '')],
  [/\bLong(Serializer|Serde)\b/, (input) => bigint64.serialize(BigInt(input), '')],
  [/\bDouble(Serializer|Serde)\b/, (input) => float64.serialize(Number(input), '')],
  [/\bString(Serializer|Serde)\b/, (input) => string.serialize(input, '')],
]

/** Undefined: nobody knows the layout; null: nothing is written. */
export function layoutBytes(what: string, input: string): Buffer | null | undefined {
  const found = LAYOUTS.find(([name]) => name.test(what))
  return found?.[1](input)
}

/** `k1 [60000,120000)`; the key may be empty or have spaces. */
const WINDOWED = /^(.*?) ?[[(](-?\d+)\D+?(-?\d+|inf)[\])]$/s

function windowed(input: string): { readonly key: Buffer; readonly first: number; readonly second: number } {
  const [, key = '', first, second] = WINDOWED.exec(input) ?? []
  return { key: Buffer.from(key, 'utf8'), first: Number(first), second: Number(second) }
}

function sessionBytes(input: string): Buffer {
  const { key, first, second } = windowed(input)
  return sessionKey(key, first, second)
}

/** `k1 start 60000 seq 0`. */
function storeKey(input: string): Buffer {
  const [, key = '', start, sequence] = /^(.*?) ?start (-?\d+)(?: seq (-?\d+))?$/s.exec(input) ?? []
  return windowStoreKey(Buffer.from(key, 'utf8'), Number(start), Number(sequence ?? 0))
}

/** `value v1 ts 1700000000000`; a null value is not written at all. */
function timestamped(input: string): Buffer | null {
  const [, value = '', ts] = /^value (.*) ts (-?\d+)$/s.exec(input) ?? []
  if (value === 'null') return null
  return Buffer.concat([int64.serialize(Number(ts), ''), Buffer.from(value, 'utf8')])
}

/** `new=n old=null`. */
function changeBytes(input: string): Buffer {
  const side = (name: string) => field(input, name) ?? null
  return changed(string).serialize({ newValue: side('new'), oldValue: side('old'), isLatest: true }, '')
}

/** `name=text` or `name text`, where the text ends at a blank or comma; undefined for "null" and where it is not there. */
function field(input: string, ...names: readonly string[]): string | undefined {
  const text = new RegExp(`(?:^|[ ,;])(?:${names.join('|')})[= ]([^ ,;]*)`, 'i').exec(input)?.[1]
  return text === 'null' ? undefined : text
}

function foreignStoreKey(input: string): Buffer {
  const part = (...names: string[]) => Buffer.from(field(input, ...names) ?? '', 'utf8')
  return combinedKey(part('fk', 'foreignKey', 'foreign'), part('pk', 'primaryKey', 'primary'))
}

/** The hash of the text `hash` names, or its 32 digits. */
function hashOf(input: string): Buffer | null {
  const text = /hash of ([^ ,;]*)/i.exec(input)?.[1]
  if (text !== undefined) return murmur3(Buffer.from(text, 'utf8'))
  const digits = /\b[0-9a-f]{32}\b/i.exec(input)?.[0]
  return digits === undefined ? null : Buffer.from(digits, 'hex')
}

const INSTRUCTIONS: Readonly<Record<string, Instruction>> = {
  DELETE_KEY_NO_PROPAGATE: INSTRUCTION.deleteSilently,
  DELETE_KEY_AND_PROPAGATE: INSTRUCTION.deleteAndAnswer,
  PROPAGATE_NULL_IF_NO_FK_VAL_AVAILABLE: INSTRUCTION.answerAlways,
  PROPAGATE_ONLY_IF_FK_VAL_AVAILABLE: INSTRUCTION.answerIfMatched,
}

/** `hash of value, DELETE_KEY_AND_PROPAGATE, pk pk1, partition 7`; without a partition it is version 0. */
function subscriptionBytes(input: string): Buffer {
  const name = Object.keys(INSTRUCTIONS).find((each) => input.includes(each)) ?? ''
  const partition = field(input, 'partition', 'primaryPartition')
  const subscription = {
    hash: hashOf(input),
    instruction: INSTRUCTIONS[name] ?? INSTRUCTION.answerAlways,
    primaryKey: field(input, 'pk', 'primaryKey') ?? '',
    primaryPartition: partition === undefined ? null : Number(partition),
  }
  return subscriptionSerde(string as Serde<unknown>).serialize(subscription, '')
}

/** `hash of value, foreign value fv`. */
function responseBytes(input: string): Buffer {
  const foreignValue = field(input, 'value', 'foreignValue') ?? null
  return responseSerde(string as Serde<unknown>).serialize(
    { hash: hashOf(input), foreignValue, primaryPartition: null },
    '',
  )
}

/** `left k ts 5`. */
function joinSideKey(input: string): Buffer {
  const [, side, key = '', ts] = /^(left|right) (.*) ts (-?\d+)$/s.exec(input) ?? []
  const text = Buffer.from(key, 'utf8').toString('latin1')
  return Buffer.from(unmatchedKey(text, Number(ts), side === 'left'), 'latin1')
}

/** `left v`. */
function leftOrRight(input: string): Buffer {
  const [, side, value = ''] = /^(left|right) (.*)$/s.exec(input) ?? []
  return Buffer.concat([Buffer.of(side === 'left' ? 1 : 0), Buffer.from(value, 'utf8')])
}
