/** A compact binary form for the state of a decision: each field in its order, without names. */
import type { Serde } from '../../../index.js'
import { ByteReader, ByteWriter } from './packed-bytes.js'

/** How one field is written and read. */
export interface PackedField<T> {
  write(out: ByteWriter, value: T): void
  read(from: ByteReader): T
}

/** A text of any length. */
export const text: PackedField<string> = {
  write: (out, value) => out.text(value),
  read: (from) => from.text(),
}

/** A whole number, 0 or more, up to the largest safe integer: a count, a time, an amount. */
export const unsigned: PackedField<number> = {
  write: (out, value) => out.whole(value),
  read: (from) => from.whole(),
}

/** A whole number of either sign. */
export const integer: PackedField<number> = {
  write: (out, value) => out.signed(value),
  read: (from) => from.signed(),
}

/** True or false. */
export const flag: PackedField<boolean> = {
  write: (out, value) => out.whole(value ? 1 : 0),
  read: (from) => from.whole() === 1,
}

/** A field that may be null. */
export function nullable<T>(field: PackedField<T>): PackedField<T | null> {
  return {
    write(out, value) {
      out.whole(value === null ? 0 : 1)
      if (value !== null) field.write(out, value)
    },
    read: (from) => (from.whole() === 0 ? null : field.read(from)),
  }
}

/** A list of one kind of value. */
export function list<T>(field: PackedField<T>): PackedField<readonly T[]> {
  return {
    write(out, values) {
      out.whole(values.length)
      for (let i = 0; i < values.length; i++) field.write(out, values[i]!)
    },
    read(from) {
      const values: T[] = []
      for (let left = from.whole(); left > 0; left--) values.push(field.read(from))
      return values
    },
  }
}

/** An object whose fields are written in the order of `fields`. */
export function fields<T extends object>(all: { readonly [P in keyof T]: PackedField<T[P]> }): PackedField<T> {
  const names = Object.keys(all) as (keyof T)[]
  const codecs = names.map((name) => all[name] as PackedField<T[keyof T]>)
  return {
    write(out, value) {
      for (let i = 0; i < names.length; i++) codecs[i]!.write(out, value[names[i]!])
    },
    read(from) {
      const value = {} as T
      for (let i = 0; i < names.length; i++) value[names[i]!] = codecs[i]!.read(from)
      return value
    },
  }
}

/** The serde of a packed value. The form has no version: a decision whose state changes its shape takes another name for it. */
export function packed<T>(field: PackedField<T>): Serde<T> {
  const out = new ByteWriter()
  return Object.freeze({
    name: 'packed',
    serialize(value: T): Buffer {
      out.reset()
      field.write(out, value)
      return out.copy()
    },
    deserialize: (bytes: Buffer): T => field.read(new ByteReader(bytes)),
  })
}
