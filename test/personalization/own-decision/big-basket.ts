/** A decision as a user adds one: in one file. The test beside it finds it everywhere. */
import { json } from '../../../lib/index.js'
import { defineDecision } from '../../../lib/personalization/frame/define-decision.js'

export const bigBasket = defineDecision({
  name: 'big-basket',
  title: 'Big basket',
  within: '15m',
  channel: 'email',
  validFor: '1d',
  reads: ['cart', 'purchase'],
  kinds: { bought: 'Big basket: bought' },
  settings: { items: 3 },
  state: { initial: 0, serde: json<number>() },
  onEvent(items: number, event, turn) {
    if (event.type === 'cart') {
      if (items + 1 === turn.settings.items) turn.decide({ subject: event.sessionId!, reason: 'a big basket' })
      return items + 1
    }
    if (items >= turn.settings.items) turn.decide({ kind: 'bought', subject: event.sessionId! })
    return 0
  },
})
