/** The simulated shop's products: the same for every seed, so that links to them stay valid. */
import { type Random, seededRandom } from '../../index.js'
import { MICROS_PER_UNIT } from '../records/money.js'
import { ITEM_PRICE, POPULARITY_EXPONENT, quantile, runningSums } from './calibration.js'
import { BRANDS, CATEGORIES } from './names.js'

/** A product of the simulated shop. */
export interface Product {
  /** `p-001` to `p-144`. */
  readonly itemId: string
  readonly name: string
  /** Its brand. */
  readonly brand: string
  /** Category id, see `CATEGORIES`. */
  readonly category: string
  /** Its price, in micro-units. */
  readonly unitPriceMicros: number
  /** Ids of products of the same category that shoppers look at together with this one. */
  readonly companions: readonly string[]
}

/** The products of the simulated shop. */
export interface Catalogue {
  /** All products. */
  readonly products: readonly Product[]
  /** Products by id. */
  readonly byId: ReadonlyMap<string, Product>
  /** Products by category. */
  readonly byCategory: ReadonlyMap<string, readonly Product[]>
  /** Running sums of popularity: over all products, and over each category's. */
  readonly popularity: readonly number[]
  /** Weights of the products of a category. */
  readonly popularityIn: ReadonlyMap<string, readonly number[]>
}

export const CURRENCY = 'EUR'

const COMPANIONS = 3

/** Builds the catalogue; it has no seed to choose. */
export function shopCatalogue(): Catalogue {
  const random = seededRandom('shop catalogue')
  const products: Product[] = []
  const byCategory = new Map<string, readonly Product[]>()
  for (const { id, goods, priceRange } of CATEGORIES) {
    const first = products.length
    const ofCategory = goods.map((good, i): Product => {
      const brand = BRANDS[random.int(BRANDS.length)]!
      return {
        itemId: itemId(first + i),
        name: `${brand} ${good}`,
        brand,
        category: id,
        unitPriceMicros: price(priceRange, random),
        companions: Array.from({ length: COMPANIONS }, (_, n) => itemId(first + ((i + n + 1) % goods.length))),
      }
    })
    products.push(...ofCategory)
    byCategory.set(id, ofCategory)
  }
  const weights = popularityWeights(products.length, random)
  const weightOf = new Map(products.map((product, i) => [product.itemId, weights[i]!]))
  const popularityIn = new Map<string, readonly number[]>()
  for (const [id, ofCategory] of byCategory) {
    popularityIn.set(id, runningSums(ofCategory.map((product) => weightOf.get(product.itemId)!)))
  }
  return {
    products,
    byId: new Map(products.map((product) => [product.itemId, product])),
    byCategory,
    popularity: runningSums(weights),
    popularityIn,
  }
}

function itemId(index: number): string {
  return `p-${String(index + 1).padStart(3, '0')}`
}

/** A price of the category's part of the distribution, ending in .90 or .50 as shop prices do. */
function price(range: readonly [number, number], random: Random): number {
  const units = quantile(ITEM_PRICE, range[0] + random.next() * (range[1] - range[0]))
  const ending = units < 30 && random.next() < 0.3 ? 0.5 : 0.9
  return Math.round((Math.max(3, Math.floor(units)) + ending) * MICROS_PER_UNIT)
}

/** A weight per product: popularity ranks are dealt out at random. */
function popularityWeights(count: number, random: Random): number[] {
  const weights = Array.from({ length: count }, (_, rank) => (rank + 1) ** -POPULARITY_EXPONENT)
  for (let i = count - 1; i > 0; i--) {
    const j = random.int(i + 1)
    const swapped = weights[i]!
    weights[i] = weights[j]!
    weights[j] = swapped
  }
  return weights
}
