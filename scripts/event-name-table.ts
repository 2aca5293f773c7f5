/** The table of Segment's event names in docs/doors.md, from the code. */
import { EVENT_NAMES, type EventSubject } from '../lib/personalization/doors/segment/event-names.js'

/** What the fields of an activity come from, for each subject. */
const FIELDS: Readonly<Record<EventSubject, string>> = {
  product: '`product_id` or `sku`, `price`, `quantity`, `currency`, `category`, `brand`',
  order: 'one event for each of `products`, with the fields of a product',
  query: '`query`',
  shown: '`decision_id`, `product_id` or `sku`',
  video: '`content_asset_id` or `asset_id`, `position`, `seek_position`',
  code: '`code`',
  consent: '`context.consent.categoryPreferences`, or the properties that are true or false',
}

export function eventNameTable(): string {
  const rows = EVENT_NAMES.map(([type, about, names]) => {
    return `| ${names.map((name) => `\`${name}\``).join(', ')} | ${type} | ${FIELDS[about]} |`
  })
  return `| Segment's event | activity | read from |\n| --- | --- | --- |\n${rows.join('\n')}\n`
}
