/** Messages of the channels outside the page, as they would look: notifications and texts on a phone, rows of a mail box. */
import { byId, element } from './elements.js'
import { whenSeen } from './notices.js'
import { view } from './shop.js'
import { act, inbox } from './shopper.js'

const SENDER = 'Millrace Goods'
/** Of each channel; the oldest goes. */
const MAX_MESSAGES = 3
const CHANNELS = ['push', 'sms', 'email']

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** A decision whose channel is not the page. */
export function addMessage({ decision, title, text }) {
  const { decisionId, channel, at, items } = decision
  const messages = inbox.read().filter((message) => message.decisionId !== decisionId)
  const added = [{ decisionId, channel, at, title, text, itemId: items[0] ?? null }, ...messages]
  inbox.write(CHANNELS.flatMap((of) => added.filter((message) => message.channel === of).slice(0, MAX_MESSAGES)))
  drawMessages(decisionId)
}

/** `fresh`: the decision that has just come, whose message is an impression once it is seen. */
export function drawMessages(fresh) {
  const messages = inbox.read()
  byId('messages').hidden = messages.length === 0
  for (const channel of CHANNELS) {
    const drawn = messages.filter((message) => message.channel === channel).map(drawMessage)
    byId(`messages-${channel}`).replaceChildren(...drawn)
    const shown = drawn.find(({ dataset }) => dataset.decision === fresh)
    if (shown !== undefined) whenSeen(shown, fresh)
  }
  byId('phone').hidden = messages.every(({ channel }) => channel === 'email')
  byId('mail').hidden = messages.every(({ channel }) => channel !== 'email')
}

const LOOKS = { push: drawHeaded, sms: drawText, email: drawHeaded }

function drawMessage(message) {
  const { channel, decisionId, itemId } = message
  const made = element('button', channel, ...LOOKS[channel](message))
  made.type = 'button'
  made.dataset.decision = decisionId
  made.addEventListener('click', () => {
    act('click', itemId === null ? { decisionId } : { decisionId, itemId })
    if (itemId !== null) view(itemId)
  })
  return made
}

/** A notification and a row of mail have the same parts, laid out by their style. */
function drawHeaded({ title, text, at }) {
  return [
    element('i', 'app'),
    element('small', '', SENDER),
    element('time', '', clock.format(at)),
    element('b', '', title),
    element('span', '', text),
  ]
}

function drawText({ title, text, at }) {
  const end = /[.!?]$/.test(title) || text === '' ? ' ' : ': '
  return [element('span', '', `${title}${end}${text}`.trim()), element('time', '', clock.format(at))]
}
