/** The campaign of a demonstration: a visitor starts a flash sale of one category. */
import { byId } from './elements.js'

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })
const say = (text) => {
  byId('campaign-note').textContent = text
}

/** `categories`: those of the shop. Without a demonstration there is no such card. */
export function openCampaign(categories, demoLogin) {
  if (!demoLogin || categories.length === 0) return
  const form = byId('campaign-form')
  form.elements.category.replaceChildren(...categories.map(({ id, title }) => new Option(title, id)))
  form.addEventListener('submit', start)
  byId('campaign').hidden = false
}

async function start(event) {
  event.preventDefault()
  const { category, start: startButton } = byId('campaign-form').elements
  startButton.disabled = true
  try {
    const answer = await fetch('api/demo/flash-sale', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ category: category.value }),
    })
    const { campaign, message, whatToDo } = await answer.json()
    if (!answer.ok) say(`${message}. ${whatToDo}`)
    else say(`${campaign.title}, until ${clock.format(campaign.endMs)} UTC in the time of the events. ${AT_FIRST}`)
  } catch {
    say('The flash sale has not started: the service does not answer. Press the button again.')
  } finally {
    startButton.disabled = false
  }
}

const AT_FIRST = 'Shoppers who viewed the category are told by mail within minutes.'
