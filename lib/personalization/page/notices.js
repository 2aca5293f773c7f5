/**
 * Notices: what was decided for the page, and what the shop confirms. They stand above the shop in the flow of the page, so
 * that none covers what one reads. While they are out of sight, the header has a button that leads to them.
 */
import { button, byId, element } from './elements.js'
import { act } from './shopper.js'

/** More at once push the shop off the screen; the oldest goes. */
const MAX_NOTICES = 3
const CONFIRMATION_MS = 7_000

/** What is told already, so that it is told once: `key` of a notice. */
const told = new Set()

/** A confirmation that goes by itself. */
export function toast(title, text) {
  const made = put(element('div', 'toast', element('i'), words(title, text)))
  setTimeout(() => remove(made), CONFIRMATION_MS)
}

/**
 * A decision, which stays until it is closed. `key`: decisions with the same key are told once, such as those of one cart.
 * `items`: buttons of the items.
 */
export function notice({ decision, key, title, text, items = [] }) {
  if (told.has(key)) return
  told.add(key)
  const made = element('div', 'toast warm', element('i'), words(title, text))
  if (items.length > 0) made.children[1].append(element('div', 'toast-items', ...items))
  const close = button('icon', '×', () => remove(made))
  close.setAttribute('aria-label', 'Close')
  made.append(close)
  made.dataset.decision = decision.decisionId
  put(made)
  whenSeen(made, decision.decisionId)
}

/** Nothing of another shopper is left. */
export function clearNotices() {
  told.clear()
  byId('toasts').replaceChildren()
  drawCount()
}

/** Sends one impression of the decision, once half of what shows it is on the screen. */
export function whenSeen(shown, decisionId) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some(({ isIntersecting }) => isIntersecting)) return
      observer.disconnect()
      if (shown.isConnected && shown.dataset.decision === decisionId) act('impression', { decisionId })
    },
    { threshold: 0.5 },
  )
  observer.observe(shown)
}

function words(title, text) {
  return element('div', '', element('b', '', title), element('span', '', text))
}

function put(made) {
  const list = byId('toasts')
  list.prepend(made)
  while (list.children.length > MAX_NOTICES) list.lastElementChild.remove()
  drawCount()
  return made
}

function remove(made) {
  made.remove()
  drawCount()
}

let isInSight = true
function drawCount() {
  const { length } = byId('toasts').children
  byId('notices-button').hidden = length === 0 || isInSight
  byId('notices-count').textContent = String(length)
}

new IntersectionObserver(([entry]) => {
  isInSight = entry.isIntersecting
  drawCount()
}).observe(byId('toasts'))
byId('notices-button').addEventListener('click', () => scrollTo({ top: 0 }))
