/** What the service decided for this shopper: the carousel, and the alerts. */
import { element, formatMicros, itemButton, nameOf, toast } from './shop.js'
import { sent } from './shopper.js'

const byId = (id) => document.getElementById(id)

/** In words, how the recommender came to its list. */
const ALGORITHMS = {
  'vmis-knn': 'what similar visitors viewed next',
  'co-visitation': 'often viewed together',
  trending: 'popular right now',
}

/** Click id → when this tab sent it. */
const clicks = new Map()
sent.addEventListener('act', ({ detail }) => {
  clicks.set(detail.id, detail.atMs)
  if (clicks.size > 200) clicks.delete(clicks.keys().next().value)
})

export function drawWaiting() {
  const places = Array.from({ length: 7 }, (_, place) => {
    const li = element('li', '', element('div', 'waiting'))
    li.style.setProperty('--place', place)
    return li
  })
  byId('carousel').replaceChildren(...places)
  byId('picks-reason').textContent = 'View a product or search, and recommendations appear here at once.'
  byId('picks-speed').hidden = true
  delete byId('carousel').dataset.decision
}

/** `onTimed` is told the milliseconds from this tab's click to the carousel on the screen. */
export function show(decision, onTimed) {
  if (decision.rule === 'carousel') drawCarousel(decision, onTimed)
  else if (decision.rule === 'cart-abandonment') {
    toast('Still in your cart', decision.items.map(nameOf).join(', ') || 'Your cart is waiting.', 'warm')
  } else if (decision.rule === 'spending-alert') {
    toast('Spending alert', `You have spent ${formatMicros(decision.amountMicros)} today.`, 'warm')
  } else toast('Spending alert withdrawn', `Your total today is ${formatMicros(decision.amountMicros)}.`)
}

export function drawCarousel(decision, onTimed) {
  const list = byId('carousel')
  list.dataset.decision = decision.decisionId
  list.dataset.subject = decision.subject
  byId('picks-reason').textContent = reasonOf(decision)
  if (decision.items.length > 0) {
    list.replaceChildren(
      ...decision.items.map((itemId, place) => {
        const li = element('li', '', itemButton(itemId))
        li.style.setProperty('--place', place)
        return li
      }),
    )
    list.scrollTo({ left: 0 })
    list.classList.remove('fresh')
    requestAnimationFrame(() => list.classList.add('fresh'))
  }
  // The service puts the user in front of the id that a browser chose.
  const clickId = decision.subject.slice(decision.subject.lastIndexOf('/') + 1)
  const clickedMs = clicks.get(clickId)
  if (clickedMs === undefined) return
  clicks.delete(clickId)
  // Two frames on, what was drawn is on the screen.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const tookMs = Math.max(1, Math.round(performance.now() - clickedMs))
      byId('picks-speed').textContent = `Answered in ${tookMs} ms`
      byId('picks-speed').hidden = false
      onTimed?.(tookMs)
    }),
  )
}

/** An item has a name; what is no item of the catalogue and no number was searched for. */
function causeOf(becauseOf) {
  const name = nameOf(becauseOf)
  return name.startsWith('Item ') && /\D/.test(becauseOf) ? `“${becauseOf}”` : name
}

function reasonOf({ items, becauseOf, algorithm, reason }) {
  if (items.length === 0) return `No recommendations this time${reason ? `: ${reason}` : ''}.`
  const cause = becauseOf === null ? '' : `Because of ${causeOf(becauseOf)}: `
  const how = ALGORITHMS[algorithm] ?? algorithm
  return `${cause}${cause ? how : how[0].toUpperCase() + how.slice(1)}`
}

for (const button of document.querySelectorAll('[data-scroll]')) {
  button.addEventListener('click', () => {
    const list = byId('carousel')
    list.scrollBy({ left: Number(button.dataset.scroll) * list.clientWidth * 0.8, behavior: 'smooth' })
  })
}
