/** What the compiler says of a call that lacks something: the last overload of a method asks for a text that nobody passes. */
import type { GlobalKTable } from './global-table.js'
import type { SerdeState } from './plan/serde-state.js'
import type { KStream } from './stream.js'
import type { KTable } from './table.js'

/** What the compiler says about a missing key serde. */
export type KeyText = 'pass { key: serde } in the options, because the type of the key changed'
/** What the compiler says about a missing value serde. */
export type ValueText = 'pass { value: serde } in the options, because the type of the value changed'
/** What the compiler says if both serdes are missing. */
export type BothText = 'pass { key: serde, value: serde } in the options, because both types changed'

/** Of an operator that writes keys and values. */
export type SerdeHint<KS extends SerdeState, VS extends SerdeState> = [KS, VS] extends ['missing', 'missing']
  ? BothText
  : [KS] extends ['missing']
    ? KeyText
    : ValueText

/** Of a table's `groupBy`. */
export type GroupHint =
  'pass { key: serde, value: serde } in the options, for the types that differ from those of the table'

/** Of an operator that keeps values of the stream's type. */
export type StoreHint = 'pass { store: { value: serde } } in the options, because the type of the value changed'

/** What a message says about missing serdes, after its first half. */
export type Serdes<KS extends SerdeState, VS extends SerdeState> = [KS, VS] extends ['known', 'known']
  ? ''
  : `, and ${SerdeHint<KS, VS>}`

/** `Text`, or what the compiler says if the keys of a join differ. */
export type SameKeys<K, K2, Text> = [K2] extends [K]
  ? Text
  : 'both sides of a join need keys of the same type: use selectKey'

/** Of a join of a stream with `O`. */
export type StreamJoinHint<K, KS extends SerdeState, VS extends SerdeState, O> =
  O extends KStream<infer K2, infer _V, SerdeState, infer OS>
    ? SameKeys<
        K,
        K2,
        OS extends 'missing'
          ? 'a join of two streams takes { window, joiner } and { otherValue: serde }, because the type of the other value changed'
          : `a join of two streams takes { window, joiner }${Serdes<KS, VS>}`
      >
    : O extends GlobalKTable<infer _GK, infer _GV>
      ? 'a join with a global table takes { keySelector, joiner }, and keySelector returns a key of that table'
      : O extends KTable<infer K2, infer _V, SerdeState, null>
        ? SameKeys<K, K2, `a join with a table takes { joiner }${Serdes<KS, VS>}`>
        : 'a stream is joined with a stream, a table or a global table'
