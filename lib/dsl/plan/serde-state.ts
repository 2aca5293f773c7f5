/**
 * Tracks the serdes of a stream in its type. A serde applies until a mapper returns another type. After that, operators
 * that write bytes (to, groupBy, join, ...) require a new serde at compile time.
 */
import type { Serde } from '../../serde/serde.js'

/** Whether the compiler knows a serde of the stream, or an operator has changed the type since. */
export type SerdeState = 'known' | 'missing'

/** Whether two types are the same. Used by the compiler only. */
export type Identical<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** The state of a serde for `T` after its values became `T2`. Null needs no serde, so it does not count. */
export type After<T, T2, S extends SerdeState> = Identical<NotNull<T>, NotNull<T2>> extends true ? S : 'missing'

/** `T` without null; `unknown` stays what it is. */
export type NotNull<T> = T & {}

/** `null` if `T` may be null, else `never`: the deletes that an answer of the user's function adds to a table. */
export type NullOf<T> = T extends null | undefined ? null : never

/** An operator needs the key serde. */
export interface KeyGiven<K> {
  readonly key: Serde<NotNull<K>>
}

/** An operator may get another key serde. */
export interface KeyOptional<K> {
  readonly key?: Serde<NotNull<K>>
}

/** An operator needs the value serde. */
export interface ValueGiven<V> {
  readonly value: Serde<NotNull<V>>
}

/** An operator may get another value serde. */
export interface ValueOptional<V> {
  readonly value?: Serde<NotNull<V>>
}

/** The key serde: required if that of the stream is not known. */
export type KeyOption<K, S extends SerdeState> = S extends 'known' ? KeyOptional<K> : KeyGiven<K>
/** The value serde: required if that of the stream is not known. */
export type ValueOption<V, S extends SerdeState> = S extends 'known' ? ValueOptional<V> : ValueGiven<V>

/** The last argument of an operator that writes: it may be omitted where every serde in it is known. */
export type WriteArgument<Options, K, V, KS extends SerdeState, VS extends SerdeState> = [KS, VS] extends [
  'known',
  'known',
]
  ? [options?: Options & KeyOptional<K> & ValueOptional<V>]
  : [options: Options & KeyOption<K, KS> & ValueOption<V, VS>]
