/** The shop: grid, product, search, cart. What the shopper does becomes an activity. */
import { pictureOf } from './art/art.js'
import { act, shopper } from './shopper.js'

const byId = (id) => document.getElementById(id)
let catalogue = { products: [], categories: [], currency: 'EUR' }
let products = new Map()
let money = new Intl.NumberFormat(undefined, { style: 'currency', currency: 'EUR' })
let chosen = { category: null, query: '' }

export function element(tag, className, ...children) {
  const made = document.createElement(tag)
  if (className) made.className = className
  made.append(...children)
  return made
}

export function openShop(loaded) {
  catalogue = loaded
  money = new Intl.NumberFormat(undefined, { style: 'currency', currency: loaded.currency })
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
  byId('cart-button').addEventListener('click', () => byId('cart').showModal())
  byId('cart').addEventListener('click', ({ target }) => target === byId('cart') && byId('cart').close())
  byId('buy').addEventListener('click', buyCart)
}

/** The name of an item, also of one that the catalogue does not know. */
export function nameOf(itemId) {
  return products.get(itemId)?.name ?? `Item ${itemId}`
}

/** A button that opens the product; looking at it is an activity. */
export function itemButton(itemId) {
  const product = products.get(itemId)
  const button = element(
    'button',
    'item',
    pictureOf(product?.category, product?.place),
    element('span', 'name', nameOf(itemId)),
    element('span', 'price', product ? money.format(product.price) : 'not in this catalogue'),
  )
  button.type = 'button'
  button.dataset.item = itemId
  button.addEventListener('click', () => view(itemId))
  return button
}

export function view(itemId) {
  act('view', { itemId })
  if (location.hash === `#/p/${itemId}`) route()
  else location.hash = `#/p/${itemId}`
}

function route() {
  const itemId = /^#\/p\/(.+)$/.exec(location.hash)?.[1]
  const section = byId('product')
  section.hidden = itemId === undefined
  if (itemId === undefined) return
  drawProduct(decodeURIComponent(itemId), section)
  scrollTo({ top: 0, behavior: 'instant' })
}

function drawProduct(itemId, section) {
  const product = products.get(itemId)
  const category = catalogue.categories.find(({ id }) => id === product?.category)
  const home = element('a', '', 'All products')
  home.href = '#/'
  const add = element('button', 'primary', 'Add to cart')
  add.id = 'add'
  add.disabled = product === undefined
  add.addEventListener('click', () => addToCart(itemId))
  const buy = element('button', 'secondary', 'Buy it now')
  buy.disabled = product === undefined
  buy.addEventListener('click', () => purchase(itemId, 1))
  section.replaceChildren(
    pictureOf(product?.category, product?.place),
    element(
      'div',
      '',
      element('p', 'crumb', home, category ? ` / ${category.title}` : ''),
      element('h1', '', nameOf(itemId)),
      element('p', 'amount', product ? money.format(product.price) : 'An item of another shop'),
      element('p', 'buttons', add, buy),
      element('p', 'fine', 'An invented product. Each view, cart change and purchase is an event on user-activity.'),
    ),
  )
}

function drawCategories() {
  const all = { id: null, title: 'Everything' }
  byId('categories').replaceChildren(
    ...[all, ...catalogue.categories].map(({ id, title }) => {
      const chip = element('button', '', title)
      chip.type = 'button'
      chip.setAttribute('aria-pressed', String(chosen.category === id))
      chip.addEventListener('click', () => {
        chosen = { category: id, query: '' }
        byId('search').reset()
        drawCategories()
        drawGrid()
      })
      return chip
    }),
  )
}

function drawGrid() {
  const words = chosen.query.toLowerCase().split(/\s+/).filter(Boolean)
  const titles = new Map(catalogue.categories.map(({ id, title }) => [id, title]))
  const shown = [...products.values()].filter(({ name, category }) => {
    const text = `${name} ${titles.get(category)}`.toLowerCase()
    return (chosen.category === null || category === chosen.category) && words.every((word) => text.includes(word))
  })
  byId('grid-title').textContent = chosen.query ? `“${chosen.query}”` : (titles.get(chosen.category) ?? 'All products')
  byId('grid-count').textContent = shown.length === 1 ? '1 product' : `${shown.length} products`
  byId('grid').replaceChildren(...shown.map(({ itemId }) => element('li', '', itemButton(itemId))))
}

function search(event) {
  event.preventDefault()
  const query = new FormData(byId('search')).get('query').trim()
  if (query !== '') act('search', { query })
  chosen = { category: null, query }
  drawCategories()
  drawGrid()
  if (location.hash !== '' && location.hash !== '#/') location.hash = '#/'
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
  const remove = element('button', '', 'Remove')
  remove.type = 'button'
  remove.addEventListener('click', () => {
    act('remove', { itemId, quantity })
    delete shopper.cart[itemId]
    drawCart()
  })
  return element(
    'li',
    '',
    pictureOf(product?.category, product?.place),
    element(
      'div',
      '',
      element('p', 'name', nameOf(itemId)),
      element('p', 'quiet', `${quantity} × ${money.format(product?.price ?? 0)}`),
    ),
    remove,
  )
}

/** A message that goes by itself. */
export function toast(title, text, tone = '') {
  const made = element(
    'div',
    `toast ${tone}`,
    element('i'),
    element('div', '', element('b', '', title), element('span', '', text)),
  )
  byId('toasts').append(made)
  setTimeout(() => made.remove(), 7_000)
}

export function formatMicros(micros) {
  return money.format(micros / 1_000_000)
}
