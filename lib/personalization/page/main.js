/** Joins the parts of the page: shop, decisions, live panel, connection. */
import { openCampaign } from './campaign.js'
import { Connection } from './connection.js'
import { nameRules, show } from './decisions.js'
import { byId } from './elements.js'
import { drawMessages } from './messages.js'
import { clearNotices } from './notices.js'
import { addFigures, openPanel, timedClick } from './panel.js'
import { drawCarousel, drawWaiting } from './picks.js'
import { drawCart, openShop } from './shop.js'
import { shopper } from './shopper.js'
import { forgetDecisions, listDecision } from './why.js'

const STATES = { connecting: 'Connecting', live: 'Live', offline: 'Reconnecting', closed: 'No login' }
const connection = new Connection()

function drawShopper() {
  byId('who').querySelector('span').textContent = shopper.user
  const last = connection.lastCarousel
  if (last === null) drawWaiting()
  else drawCarousel(last)
  drawMessages()
}

connection.addEventListener('state', ({ detail }) => {
  const pill = byId('connection')
  pill.dataset.state = detail
  pill.querySelector('span').textContent = STATES[detail]
})
/** Without a connection the figures of the panel are fetched. */
const FIGURES_MS = 1_000
let polling = 0
connection.addEventListener('state', ({ detail }) => {
  clearInterval(polling)
  if (detail === 'closed') polling = setInterval(() => load('metrics.json').then(addFigures, () => {}), FIGURES_MS)
})
connection.addEventListener('decision', ({ detail }) => {
  show(detail, timedClick)
  listDecision(detail)
})
connection.addEventListener('figures', ({ detail }) => addFigures(detail))

byId('connection').addEventListener('click', () => {
  if (byId('connection').dataset.state === 'offline') connection.reopen()
})
const layout = document.querySelector('.layout')
function look(view) {
  layout.dataset.view = view
  byId('panel-button').setAttribute('aria-pressed', String(view === 'panel'))
  scrollTo({ top: 0, behavior: 'instant' })
}
byId('panel-button').addEventListener('click', () => look(layout.dataset.view === 'panel' ? 'shop' : 'panel'))
// Whoever follows a link or searches wants to see the shop.
addEventListener('hashchange', () => layout.dataset.view === 'panel' && look('shop'))
byId('search').addEventListener('submit', () => layout.dataset.view === 'panel' && look('shop'))
byId('who').addEventListener('click', () => {
  byId('who-form').elements.user.value = shopper.user
  byId('who-dialog').showModal()
})
byId('who-dialog').addEventListener('close', () => {
  const user = byId('who-form').elements.user.value.trim()
  if (byId('who-dialog').returnValue !== 'ok' || user === '' || user === shopper.user) return
  shopper.become(user)
  clearNotices()
  forgetDecisions()
  drawShopper()
  drawCart()
  connection.reopen()
})

const load = async (path) => (await fetch(path)).json()
const [catalogue, figures] = await Promise.all([load('api/catalogue'), load('metrics.json')])
nameRules(figures.rules)
openShop(catalogue)
drawShopper()
openPanel(catalogue.input, figures)
openCampaign(catalogue.categories, catalogue.input.demoLogin)
connection.open()
