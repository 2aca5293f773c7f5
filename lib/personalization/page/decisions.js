/** Where each decision is shown: the carousel, a notice, the film's card, or a message of another channel. */
import { showInFilm } from './film.js'
import { addMessage } from './messages.js'
import { notice } from './notices.js'
import { drawCarousel } from './picks.js'
import { formatMicros, itemLink, nameOf } from './shop.js'

const NOTICE_ITEMS = 4

/** Rule → the words of its notice. Others get the title and the reason that the decision brings. */
const WORDS = {
  'cart-abandonment': ({ items }) => ['Still in your cart', items.map(nameOf).join(', ') || 'Your cart is waiting.'],
  'spending-alert': ({ amountMicros }) => ['Spending alert', `You have spent ${formatMicros(amountMicros)} today.`],
  'spending-alert-withdrawn': ({ amountMicros }) => [
    'Spending alert withdrawn',
    `Your total today is ${formatMicros(amountMicros)}.`,
  ],
  upsell: ({ items }) => ['Still comparing?', `You have looked at ${items.length} of a kind.`],
  playback: ({ becauseOf, reason }) => [
    'About the film',
    `${nameOf(itemOfFilm(becauseOf))}: ${reason === 'paused' ? 'you stopped here' : 'you looked at this part again'}.`,
  ],
  'flash-sale': ({ title, becauseOf }) => [title ?? 'Flash sale', becauseOf ? `Also on ${nameOf(becauseOf)}.` : ''],
}

/** Rule → what people call it, of the metrics. */
let titles = new Map()
export function nameRules(rules) {
  titles = new Map(rules.map(({ rule, title }) => [rule, title]))
}

/** What people call a rule. */
export const titleOf = (rule) => titles.get(rule) ?? rule

/** `onTimed` is told the milliseconds from this tab's click to the carousel on the screen. */
export function show(decision, onTimed) {
  const { rule, channel, subject } = decision
  if (rule === 'carousel' && channel === 'page') return drawCarousel(decision, onTimed)
  if (channel === 'none') return
  const [title, text] = wordsOf(decision)
  if (channel !== 'page') return addMessage({ decision, title, text })
  if (rule === 'playback' && showInFilm(decision)) return
  const shown = rule === 'cart-abandonment' ? [] : decision.items.slice(0, NOTICE_ITEMS)
  const items = shown.map((itemId) => itemLink(itemId, decision.decisionId))
  notice({ decision, key: `${rule} ${subject}`, title, text, items })
}

function wordsOf(decision) {
  const { rule, title, reason } = decision
  return WORDS[rule]?.(decision) ?? [title ?? titleOf(rule), reason ?? '']
}

/** A film is called after its item. */
function itemOfFilm(videoId) {
  return videoId.replace(/^film-/, '')
}
