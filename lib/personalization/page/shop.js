/** The shop: grid, product, search, cart. What the shopper does becomes an activity. */
import { pictureOf } from './art/art.js'
import { button, byId, element } from './elements.js'
import { filmOf } from './film.js'
import { toast } from './notices.js'
import { act, shopper } from './shopper.js'

let catalogue = { products: [], categories: [], currency: 'EUR' }
let products = new Map()
let money = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'EUR' })
/** Of a large catalogue; a search finds the others. */
const MAX_SHOWN = 300
let chosen = { category: null, query: '' }

export function openShop(loaded) {
  catalogue = loaded
  const { currency } = loaded
  money = new Intl.NumberFormat(undefined, currency ? { style: 'currency', currency } : { minimumFractionDigits: 2 })
  const places = new Map()
  products = new Map(
    loaded.products.map((product) => {
      const place = places.get(product.category) ?? 0
      places.set(product.category, place + 1)
      return [product.itemId, { ...product, place }]
    }),
  )
  drawCategories()
  drawGrid()
  drawCart()
  route()
  addEventListener('hashchange', route)
  byId('search').addEventListener('submit', search)
  byId('search').elements.query.placeholder = `Search ${products.size} products`
  byId('cart-button').addEventListener('click', () => byId('cart').showModal())
  byId('cart').addEventListener('click', ({ target }) => target === byId('cart') && byId('cart').close())
  byId('buy').addEventListener('click', buyCart)
}

/** The name of an item, also of one that the catalogue does not know. */
export function nameOf(itemId) {
  return products.get(itemId)?.name || `Item ${itemId}`
}

/** Its price, if one is known. */
function priceOf(product) {
  if (product === undefined) return 'Known by its number'
  return product.price === null ? 'No price' : money.format(product.price)
}

/** The picture of an item: its own, or the parcel that stands for what the catalogue does not know. */
export function itemPicture(itemId) {
  const product = products.get(itemId)
  return pictureOf(product?.category, product?.place)
}

/**
 * A button that opens the product; looking at it is an activity. `decisionId`: the decision that shows the item here, which
 * the click names.
 */
export function itemButton(itemId, decisionId) {
  const product = products.get(itemId)
  return opening(
    itemId,
    decisionId,
    element(
      'button',
      'item',
      itemPicture(itemId),
      element('span', 'name', nameOf(itemId)),
      element('span', 'price', priceOf(product)),
    ),
  )
}

/** The same in one line. */
export function itemLink(itemId, decisionId) {
  return opening(itemId, decisionId, element('button', 'item-link', itemPicture(itemId), nameOf(itemId)))
}

function opening(itemId, decisionId, made) {
  made.type = 'button'
  made.dataset.item = itemId
  made.addEventListener('click', () => {
    if (decisionId !== undefined) act('click', { itemId, decisionId })
    view(itemId)
  })
  return made
}

export function view(itemId) {
  act('view', { itemId })
  if (location.hash === `#/p/${encodeURIComponent(itemId)}`) route()
  else location.hash = `#/p/${encodeURIComponent(itemId)}`
}

function route() {
  const itemId = /^#\/p\/(.+)$/.exec(location.hash)?.[1]
  const section = byId('product')
  section.hidden = itemId === undefined
  if (itemId === undefined) return section.replaceChildren()
  drawProduct(decodeURIComponent(itemId), section)
  scrollTo({ top: 0, behavior: 'instant' })
}

const INVENTED = 'An invented product. Each view, cart change and purchase is an event on user-activity.'
const OF_CATALOGUE = 'An item of the catalogue. Each view, cart change and purchase is an event on user-activity.'
const ELSEWHERE =
  'An item of the data that is replayed. It says no name and no price, so this page has none and sells none.'

function drawProduct(itemId, section) {
  const product = products.get(itemId)
  const category = catalogue.categories.find(({ id }) => id === product?.category)
  const home = element('a', '', 'All products')
  home.href = '#/'
  const add = button('primary', 'Add to cart', () => addToCart(itemId))
  add.id = 'add'
  add.disabled = product === undefined || product.price === null
  const buy = button('secondary', 'Buy it now', () => purchase(itemId, 1))
  buy.disabled = product === undefined || product.price === null
  section.replaceChildren(
    product === undefined ? itemPicture(itemId) : filmOf(product, scenesOf(product, category)),
    element(
      'div',
      '',
      element('p', 'crumb', home, category ? ` / ${category.title}` : ''),
      element('h1', '', nameOf(itemId)),
      element('p', 'amount', priceOf(product)),
      element('p', 'buttons', add, buy),
      element('p', 'fine', product === undefined ? ELSEWHERE : catalogue.isInvented ? INVENTED : OF_CATALOGUE),
    ),
  )
}

/** What the film of a product says: nothing that the catalogue does not know. */
function scenesOf({ itemId, brand, price, companions: [first, second] }, category) {
  const name = nameOf(itemId)
  return [
    name,
    brand ? `Made by ${brand}` : name,
    category ? `In ${category.title}` : name,
    first ? `Often viewed with ${nameOf(first)}` : name,
    second ? `Or with ${nameOf(second)}` : name,
    price === null ? name : `Yours for ${money.format(price)}`,
  ]
}

function drawCategories() {
  const all = { id: null, title: 'Everything' }
  byId('categories').replaceChildren(
    ...[all, ...catalogue.categories].map(({ id, title }) => {
      const chip = button('', title, () => {
        chosen = { category: id, query: '' }
        byId('search').reset()
        drawCategories()
        drawGrid()
      })
      chip.setAttribute('aria-pressed', String(chosen.category === id))
      return chip
    }),
  )
}

/** Without case and accents. */
const plain = (text) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

function drawGrid() {
  const words = plain(chosen.query)
    .split(/[^\p{L}\p{N}-]+/u)
    .filter(Boolean)
  const titles = new Map(catalogue.categories.map(({ id, title }) => [id, title]))
  const shown = [...products.values()].filter(({ itemId, name, category }) => {
    const text = plain(`${itemId} ${name ?? ''} ${titles.get(category) ?? ''}`)
    return (chosen.category === null || category === chosen.category) && words.every((word) => text.includes(word))
  })
  byId('grid-title').textContent = chosen.query ? `“${chosen.query}”` : (titles.get(chosen.category) ?? 'All products')
  byId('grid-count').textContent = shown.length === 1 ? '1 product' : `${shown.length} products`
  const none = `No product of this shop has ${words.length > 1 ? 'all these words' : 'this word'} in its name or category.`
  byId('grid').replaceChildren(
    ...(shown.length === 0
      ? [element('li', 'empty', none)]
      : shown.slice(0, MAX_SHOWN).map(({ itemId }) => element('li', '', itemButton(itemId)))),
  )
}

function search(event) {
  event.preventDefault()
  const query = new FormData(byId('search')).get('query').trim()
  if (query !== '') act('search', { query })
  chosen = { category: null, query }
  drawCategories()
  drawGrid()
  if (location.hash !== '' && location.hash !== '#/') location.hash = '#/'
  if (query !== '') byId('grid-title').scrollIntoView({ block: 'start', behavior: 'instant' })
}

function addToCart(itemId) {
  act('cart', { itemId, quantity: 1 })
  shopper.cart[itemId] = (shopper.cart[itemId] ?? 0) + 1
  drawCart()
  byId('cart').showModal()
}

function purchase(itemId, quantity) {
  act('purchase', { itemId, quantity })
  toast('Thank you', `${nameOf(itemId)}: a purchase event was sent.`)
}

function buyCart() {
  for (const [itemId, quantity] of Object.entries(shopper.cart)) act('purchase', { itemId, quantity })
  shopper.cart = {}
  drawCart()
  byId('cart').close()
  toast('Thank you', 'Your purchase event was sent.')
}

export function drawCart() {
  const lines = Object.entries(shopper.cart)
  const count = lines.reduce((sum, [, quantity]) => sum + quantity, 0)
  shopper.keep()
  byId('cart-count').textContent = String(count)
  byId('cart-count').hidden = count === 0
  byId('buy').disabled = count === 0
  const total = lines.reduce((sum, [itemId, quantity]) => sum + quantity * Number(products.get(itemId)?.price ?? 0), 0)
  byId('cart-total').textContent = money.format(total)
  byId('cart-lines').replaceChildren(
    ...(count === 0 ? [element('li', 'empty', 'Your cart is empty.')] : lines.map(cartLine)),
  )
}

function cartLine([itemId, quantity]) {
  const product = products.get(itemId)
  const remove = button('', 'Remove', () => {
    act('remove', { itemId, quantity })
    delete shopper.cart[itemId]
    drawCart()
  })
  return element(
    'li',
    '',
    itemPicture(itemId),
    element(
      'div',
      '',
      element('p', 'name', nameOf(itemId)),
      element('p', 'quiet', `${quantity} × ${money.format(product?.price ?? 0)}`),
    ),
    remove,
  )
}

export function formatMicros(micros) {
  return money.format(micros / 1_000_000)
}
