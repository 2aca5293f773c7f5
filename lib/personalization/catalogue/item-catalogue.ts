/** The items that the page shows by name: the invented goods of the shop, or those of a file. What a file does not say stays unknown. */
import { createReadStream } from 'node:fs'
import { ServiceError } from '../errors.js'
import { linesOf } from '../input/formats/bytes.js'
import { type CsvRow, csvRowsOf } from '../input/formats/csv-rows.js'
import type { InvalidRow } from '../input/formats/rows.js'
import { MAX_MICROS, parseMicros } from '../records/money.js'
import { CURRENCY, shopCatalogue } from '../shop/catalogue.js'
import { CATEGORIES } from '../shop/names.js'

/** An item. Null: the catalogue does not say. */
export interface CatalogueItem {
  /** Its id, as in the events. */
  readonly itemId: string
  /** For people. */
  readonly name: string | null
  /** Its maker. */
  readonly brand: string | null
  /** Id of its category. */
  readonly category: string | null
  /** Price of one, in millionths of the currency. */
  readonly unitPriceMicros: number | null
  /** Ids of items that are viewed together with it; a file has none. */
  readonly companions: readonly string[]
}

/** The items that the page knows. */
export interface ItemCatalogue {
  /** All items, in the order of the file. */
  readonly products: readonly CatalogueItem[]
  /** Items by id. */
  readonly byId: ReadonlyMap<string, CatalogueItem>
  /** Items by the id of their category. */
  readonly byCategory: ReadonlyMap<string, readonly CatalogueItem[]>
  /** Ids and names of the categories. */
  readonly categories: readonly { readonly id: string; readonly title: string }[]
  /** ISO 4217, of all prices; null: unknown. */
  readonly currency: string | null
  /** True for the goods of the simulated shop. */
  readonly isInvented: boolean
}

/** What a file says, and the rows that it was not possible to read. */
export interface ReadCatalogue {
  /** The items. */
  readonly catalogue: ItemCatalogue
  /** The rows that are none, each with its reason. */
  readonly wrong: readonly InvalidRow[]
}

/** The goods of the simulated shop. */
export function inventedCatalogue(): ItemCatalogue {
  const { products, byId, byCategory } = shopCatalogue()
  const categories = CATEGORIES.map(({ id, title }) => ({ id, title }))
  return { products, byId, byCategory, categories, currency: CURRENCY, isInvented: true }
}

/** More are too much for a page. */
const MAX_ITEMS = 20_000
const MAX_ID_BYTES = 80
const MAX_TEXT = 200
/** Field → the names that it may have, in a header and in JSON. */
const NAMES = {
  itemId: ['itemId', 'item_id', 'product_id', 'id'],
  name: ['name', 'title'],
  brand: ['brand'],
  category: ['category', 'category_code'],
  price: ['price'],
  currency: ['currency'],
} as const

type Fields = Partial<Record<keyof typeof NAMES, string>>

/**
 * Reads a file: CSV with a header, or JSON lines if its name ends with `.jsonl`, `.ndjson` or `.json`.
 * @throws ServiceError CATALOGUE_UNREADABLE
 */
export async function readCatalogue(path: string): Promise<ReadCatalogue> {
  const items: Items = { byId: new Map(), currency: null, wrong: [] }
  let row = 0
  try {
    for await (const read of /\.(jsonl|ndjson|json)$/.test(path) ? jsonRows(path) : csvRows(path)) {
      row++
      const reason = typeof read === 'string' ? read : added(items, read)
      if (reason !== null) items.wrong.push({ row, reason })
    }
  } catch (cause) {
    if (cause instanceof ServiceError) throw cause
    const { code = 'unknown' } = cause as { readonly code?: string }
    throw new ServiceError('CATALOGUE_UNREADABLE', `the catalogue ${path} cannot be read (${code})`, { cause })
  }
  return { catalogue: completed(items), wrong: items.wrong }
}

interface Items {
  readonly byId: Map<string, CatalogueItem>
  currency: string | null
  readonly wrong: InvalidRow[]
}

async function* csvRows(path: string): AsyncGenerator<Fields | string, void, undefined> {
  let places: Map<keyof typeof NAMES, number> | null = null
  for await (const rows of csvRowsOf(createReadStream(path))) {
    for (const row of rows) {
      if (places === null) places = placesIn(path, row)
      else if (row === null) yield 'the quotes are broken'
      else yield Object.fromEntries([...places].map(([field, place]) => [field, row[place] ?? ''])) as Fields
    }
  }
}

function placesIn(path: string, header: CsvRow): Map<keyof typeof NAMES, number> {
  const places = new Map<keyof typeof NAMES, number>()
  for (const [field, names] of Object.entries(NAMES) as [keyof typeof NAMES, readonly string[]][]) {
    const place = header?.findIndex((name) => names.includes(name.trim())) ?? -1
    if (place >= 0) places.set(field, place)
  }
  if (places.has('itemId')) return places
  throw new ServiceError('CATALOGUE_UNREADABLE', `the header of ${path} has none of ${NAMES.itemId.join(', ')}`)
}

async function* jsonRows(path: string): AsyncGenerator<Fields | string, void, undefined> {
  for await (const lines of linesOf(createReadStream(path))) {
    for (const line of lines) if (line.trim() !== '') yield fieldsOf(line)
  }
}

function fieldsOf(line: string): Fields | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'the line is not JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'the line is not an object'
  const fields: Fields = {}
  for (const [field, names] of Object.entries(NAMES) as [keyof typeof NAMES, readonly string[]][]) {
    const given = names.map((name) => (value as Record<string, unknown>)[name]).find((one) => one !== undefined)
    if (given === undefined || given === null) continue
    if (typeof given !== 'string' && typeof given !== 'number') return `${field} is not a text`
    fields[field] = String(given)
  }
  return fields
}

/** Null, or why the row is wrong. */
function added(items: Items, fields: Fields): string | null {
  const itemId = fields.itemId?.trim() ?? ''
  if (itemId === '') return 'the item has no id'
  if (Buffer.byteLength(itemId) > MAX_ID_BYTES) return `the id is longer than ${MAX_ID_BYTES} bytes`
  if (items.byId.has(itemId)) return 'the id occurs before'
  if (items.byId.size >= MAX_ITEMS) return `only the first ${MAX_ITEMS} items are taken`
  const unitPriceMicros = fields.price ? parseMicros(fields.price) : null
  if (
    unitPriceMicros === undefined ||
    (unitPriceMicros !== null && (unitPriceMicros < 0 || unitPriceMicros > MAX_MICROS))
  )
    return 'the price is not a decimal of 0 or more'
  const currency = fields.currency?.trim() || null
  if (currency !== null && !/^[A-Z]{3}$/.test(currency)) return 'the currency is not three capital letters'
  if (currency !== null && items.currency !== null && currency !== items.currency) return 'the currency is another one'
  items.currency ??= currency
  const text = (value: string | undefined) => value?.trim().slice(0, MAX_TEXT) || null
  const [name, brand, category] = [text(fields.name), text(fields.brand), text(fields.category)]
  items.byId.set(itemId, { itemId, name, brand, category, unitPriceMicros, companions: [] })
  return null
}

function completed({ byId, currency }: Items): ItemCatalogue {
  const products = [...byId.values()]
  const byCategory = new Map<string, CatalogueItem[]>()
  for (const item of products) {
    if (item.category !== null) byCategory.set(item.category, [...(byCategory.get(item.category) ?? []), item])
  }
  const categories = [...byCategory.keys()].sort().map((id) => ({ id, title: id }))
  return { products, byId, byCategory, categories, currency, isInvented: false }
}
