/** The carousel: what the service recommends to this shopper. */
import { byId, element } from './elements.js'
import { whenSeen } from './notices.js'
import { itemButton, nameOf } from './shop.js'
import { sent } from './shopper.js'

/** In words, how the recommender came to its list. */
const ALGORITHMS = {
  'vmis-knn': 'what similar visitors viewed next',
  'co-visitation': 'often viewed together',
  trending: 'popular right now',
}

/** Id of a view or search → what this tab sent, and when. */
const clicks = new Map()
sent.addEventListener('act', ({ detail }) => {
  if (detail.type !== 'view' && detail.type !== 'search') return
  clicks.set(detail.id, detail)
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

/** `onTimed` is told the milliseconds from this tab's click to the carousel on the screen; none: it was shown before. */
export function drawCarousel(decision, onTimed) {
  const list = byId('carousel')
  list.dataset.decision = decision.decisionId
  list.dataset.subject = decision.subject
  // The service puts the user in front of the id that a browser chose.
  const clickId = decision.subject.slice(decision.subject.lastIndexOf('/') + 1)
  const click = clicks.get(clickId)
  const isSearch = click === undefined ? looksSearched(decision.becauseOf) : click.type === 'search'
  byId('picks-reason').textContent = reasonOf(decision, isSearch)
  if (decision.items.length > 0) {
    list.replaceChildren(
      ...decision.items.map((itemId, place) => {
        const li = element('li', '', itemButton(itemId, decision.decisionId))
        li.style.setProperty('--place', place)
        return li
      }),
    )
    list.scrollTo({ left: 0 })
    list.classList.remove('fresh')
    requestAnimationFrame(() => list.classList.add('fresh'))
    if (onTimed !== undefined) whenSeen(list, decision.decisionId)
  }
  if (click === undefined) return
  clicks.delete(clickId)
  // Two frames on, what was drawn is on the screen.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const tookMs = Math.max(1, Math.round(performance.now() - click.atMs))
      byId('picks-speed').textContent = `Answered in ${tookMs} ms`
      byId('picks-speed').hidden = false
      onTimed?.(tookMs)
    }),
  )
}

/** Without the click at hand: what is no item of the catalogue and no number was searched for. */
function looksSearched(becauseOf) {
  return becauseOf !== null && nameOf(becauseOf).startsWith('Item ') && /\D/.test(becauseOf)
}

function reasonOf({ items, becauseOf, algorithm, reason }, isSearch) {
  if (items.length === 0) return `No recommendations this time${reason ? `: ${reason}` : ''}.`
  const how = ALGORITHMS[algorithm] ?? algorithm
  const sentence = how[0].toUpperCase() + how.slice(1)
  if (becauseOf === null) return sentence
  // The recommenders look at what was viewed, not at words; the list of products does look at them.
  if (isSearch) return `${sentence}. This row does not look at the words “${becauseOf}”; the list of products does.`
  return `Because of ${nameOf(becauseOf)}: ${how}`
}

for (const button of document.querySelectorAll('[data-scroll]')) {
  button.addEventListener('click', () => {
    const list = byId('carousel')
    list.scrollBy({ left: Number(button.dataset.scroll) * list.clientWidth * 0.8, behavior: 'smooth' })
  })
}
