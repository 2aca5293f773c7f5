/**
 * The members of a group in byte order (Kafka Streams scans a key prefix instead): pages of members, and per group a
 * list of page starts. A group of a million members writes one page per change. It is not in the changelog.
 */

import { firstAfter } from '../engine/sorted-strings.js'
import { type Cell, NONE } from '../layers/cell.js'
import type { Overlay } from '../layers/overlay.js'

const PAGE_MEMBERS = 256

/** How a list of a cell is written: into the open layer, or (restore) into the committed one. */
interface Layer {
  list(cell: Cell): string[]
  write(cell: Cell, list: string[]): void
}

/** `group`s must not be prefixes of one another. */
export class SubscriberIndex {
  readonly overlay: Overlay
  readonly #open: Layer
  readonly #committed: Layer

  constructor(overlay: Overlay) {
    this.overlay = overlay
    this.#open = {
      // The open layer's own list: copied once per transaction, then changed in place.
      list: (cell) =>
        cell.open !== NONE && Array.isArray(cell.open) ? (cell.open as string[]) : [...listOf(cell.held)],
      write: (cell, list) => overlay.set(cell, list.length === 0 ? null : list, 0),
    }
    this.#committed = {
      list: (cell) => (Array.isArray(cell.base) ? (cell.base as string[]) : []),
      write: (cell, list) => overlay.setBase(cell, list.length === 0 ? null : list, 0),
    }
  }

  add(group: string, member: string): void {
    this.#change(this.#open, group, member, true)
  }

  remove(group: string, member: string): void {
    this.#change(this.#open, group, member, false)
  }

  /** Same as `add` and `remove`, on the committed layer. */
  restore(group: string, member: string, present: boolean): void {
    this.#change(this.#committed, group, member, present)
  }

  /** The members at the time of the call, ascending. */
  members(group: string): string[] {
    const starts = listOf(this.overlay.load(startsKey(group)).held)
    const found = [...this.#page(group, '')]
    for (const start of starts) for (const member of this.#page(group, start)) found.push(member)
    return found
  }

  #page(group: string, start: string): readonly string[] {
    return listOf(this.overlay.load(pageKey(group, start)).held)
  }

  /** The first page begins at '' and is not listed; a page that emptied leaves the list. */
  #change(layer: Layer, group: string, member: string, present: boolean): void {
    const startsCell = this.overlay.load(startsKey(group))
    const known = listOf(layer === this.#open ? startsCell.held : startsCell.base)
    const at = firstAfter(known, member)
    const start = at === 0 ? '' : known[at - 1]!
    const cell = this.overlay.load(pageKey(group, start))
    const page = layer.list(cell)
    const place = firstAfter(page, member)
    const held = place > 0 && page[place - 1] === member
    if (held === present) return
    if (present) page.splice(place, 0, member)
    else page.splice(place - 1, 1)
    if (page.length > PAGE_MEMBERS) {
      const upper = page.splice(PAGE_MEMBERS / 2)
      layer.write(this.overlay.load(pageKey(group, upper[0]!)), upper)
      const starts = layer.list(startsCell)
      starts.splice(at, 0, upper[0]!)
      layer.write(startsCell, starts)
    } else if (page.length === 0 && start !== '') {
      const starts = layer.list(startsCell)
      starts.splice(at - 1, 1)
      layer.write(startsCell, starts)
    }
    layer.write(cell, page)
  }
}

function startsKey(group: string): string {
  return `s${group}`
}

function pageKey(group: string, start: string): string {
  return `p${group}${start}`
}

export function listOf(held: unknown): readonly string[] {
  return Array.isArray(held) ? held : []
}

/** Byte strings one after another, each behind its length. */
export function encodeMembers(members: readonly string[]): Buffer {
  let length = 0
  for (const member of members) length += 4 + member.length
  const out = Buffer.allocUnsafe(length)
  let at = 0
  for (const member of members) {
    at = out.writeInt32BE(member.length, at)
    at += out.write(member, at, 'latin1')
  }
  return out
}

export function decodeMembers(bytes: Buffer): string[] {
  const members: string[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readInt32BE(at)
    members.push(bytes.toString('latin1', at + 4, end))
    at = end
  }
  return members
}
