/** The latest decisions about this shopper, in the panel. A click on one says why it was made. */
import { titleOf } from './decisions.js'
import { button, byId, element } from './elements.js'

const MAX_DECISIONS = 6
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })

/** Field of the answer's times → its name. In the order of the stages. */
const STAGES = [
  ['arrival', 'Event stored'],
  ['process', 'Decided'],
  ['judge', 'Rules asked'],
  ['commit', 'Decision stored'],
  ['deliver', 'Sent'],
  ['render', 'Shown'],
  ['click', 'Clicked'],
]

/** A decision that has just come. */
export function listDecision({ decisionId, rule, becauseOf }) {
  const list = byId('own-decisions')
  const time = element('time', '', clock.format(Date.now()))
  const entry = button('own-decision', '', () => tellWhy(decisionId))
  entry.append(element('b', '', titleOf(rule)), element('span', 'quiet', becauseOf ?? ''), time)
  entry.dataset.decision = decisionId
  list.prepend(element('li', '', entry))
  while (list.children.length > MAX_DECISIONS) list.lastElementChild.remove()
  byId('no-decisions').hidden = true
}

/** Another shopper has none yet. */
export function forgetDecisions() {
  byId('own-decisions').replaceChildren()
  byId('no-decisions').hidden = false
}

async function tellWhy(decisionId) {
  const answer = await fetch(`decisions/${decisionId}`).catch(() => null)
  const body = answer === null ? null : await answer.json().catch(() => null)
  byId('why-title').textContent = body?.title ?? 'No answer'
  const words = body?.why ?? [body?.whatToDo ?? 'The service did not answer. Try again.']
  byId('why-words').replaceChildren(...words.map((sentence) => element('li', '', sentence)))
  byId('why-times').replaceChildren(...(body?.times ? stagesOf(body.times) : []))
  byId('why').showModal()
}

/** When each stage was, and how long after the one before. */
function stagesOf(times) {
  const known = STAGES.filter(([stage]) => times[stage] !== null)
  return known.map(([stage, name], i) => {
    const at = Date.parse(times[stage])
    const after = i === 0 ? '' : ` +${Math.max(0, at - Date.parse(times[known[i - 1][0]]))} ms`
    return element('div', '', element('dt', '', name), element('dd', '', `${clock.format(at)}${after}`))
  })
}
