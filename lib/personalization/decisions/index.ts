/** The decisions that are shipped: the only list of them; and the table of these and those of a configuration. */
import type { ServiceConfig } from '../config/service-config.js'
import { DecisionTable } from '../frame/decision-table.js'
import type { Decision } from '../frame/define-decision.js'
import { audienceSync } from './audience-sync.js'
import { carousel } from './carousel.js'
import { cartAbandonment } from './cart-abandonment.js'
import { dailySegments } from './daily-segments.js'
import { flashSale } from './flash-sale.js'
import { playback } from './playback.js'
import { serviceRouting } from './service-routing.js'
import { spendingAlert } from './spending-alert.js'
import { upsell } from './upsell.js'

/** All shipped decisions, in the order of summary, page and docs. */
export const SHIPPED_DECISIONS: readonly Decision[] = [
  carousel,
  cartAbandonment,
  spendingAlert,
  upsell,
  playback,
  flashSale,
  audienceSync,
  dailySegments,
  serviceRouting,
] as readonly Decision[]

/** @throws ServiceError DECISION_INVALID, CONFIG_FILE_INVALID */
export function decisionTable({ decisions, settings }: Pick<ServiceConfig, 'decisions' | 'settings'>): DecisionTable {
  return new DecisionTable([...SHIPPED_DECISIONS, ...decisions], settings)
}
