/** bol.com's published sessions: product views only, no users, prices or categories. */
import { activityOf } from '../../records/activity.js'
import type { ByteSource } from './bytes.js'
import { type ActivityRows, validRow } from './rows.js'
import { readSessionViews } from './sessions-tsv.js'

/** One view per row, event id = row number. A session is all that is known of its visitor, so it is the user as well. */
export async function* readBol(source: ByteSource): ActivityRows {
  for await (const rows of readSessionViews(source, 'bol')) {
    yield rows.map((view) =>
      'reason' in view
        ? view
        : validRow(
            view.row,
            activityOf({
              eventId: String(view.row),
              userId: view.sessionId,
              type: 'view',
              at: view.at,
              itemId: view.itemId,
              sessionId: view.sessionId,
              source: 'replay',
            }),
          ),
    )
  }
}
