/** Who is shopping in this tab, and what the tab remembers over a reload. */

const random = (length) => {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => letters[byte % letters.length]).join('')
}

function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key))
  } catch {
    return null
  }
}

function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value))
  } catch {
    // A browser that keeps nothing forgets over a reload; the shop works all the same.
  }
}

const asked = new URL(location.href).searchParams.get('user')

export const shopper = {
  user: asked ?? read(localStorage, 'user') ?? `guest-${random(5)}`,
  session: read(sessionStorage, 'session') ?? `page-${random(10)}`,
  cart: read(sessionStorage, 'cart') ?? {},
  become(user) {
    shopper.user = user
    shopper.session = `page-${random(10)}`
    shopper.cart = {}
    shopper.keep()
  },
  keep() {
    write(localStorage, 'user', shopper.user)
    write(sessionStorage, 'session', shopper.session)
    write(sessionStorage, 'cart', shopper.cart)
  },
}
shopper.keep()

/** Where this user's stream of decisions was left in this tab: position, ids got, the carousel shown. */
export const progress = {
  read: () => read(sessionStorage, `progress ${shopper.user}`) ?? { position: null, have: [], carousel: null },
  write: (value) => write(sessionStorage, `progress ${shopper.user}`, value),
}

/** Messages of other channels that this tab has shown to this user. */
export const inbox = {
  read: () => read(sessionStorage, `inbox ${shopper.user}`) ?? [],
  write: (value) => write(sessionStorage, `inbox ${shopper.user}`, value),
}

/** Sends what the shopper did. Its id makes it count once, however often it has to be sent. */
export async function act(type, details = {}) {
  const id = `c-${random(12)}`
  const body = JSON.stringify({ id, user: shopper.user, session: shopper.session, type, ...details })
  sent.dispatchEvent(new CustomEvent('act', { detail: { id, type, atMs: performance.now() } }))
  for (let attempt = 0; attempt < 5; attempt++) {
    const status = await post('api/activity', body)
    if (status >= 200 && status < 500) return status < 300
    await new Promise((resolve) => setTimeout(resolve, 200 * 2 ** attempt))
  }
  return false
}

/** Tells of "act" before the request leaves, so that its answer can be timed. */
export const sent = new EventTarget()

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    return answer.status
  } catch {
    return 599
  }
}
