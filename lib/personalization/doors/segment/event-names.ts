/** Segment's event names, those of its e-commerce and video specs, with the activity that each becomes. */
import type { ActivityType } from '../../records/activity.js'

/** What the properties of an event are about, and so how they are read. */
export type EventSubject = 'product' | 'order' | 'query' | 'shown' | 'video' | 'code' | 'consent'

export interface EventRule {
  readonly type: ActivityType
  readonly about: EventSubject
}

/** Type, subject, names: that of the present spec first, then older ones. Every other name becomes `custom`. */
export const EVENT_NAMES: readonly (readonly [ActivityType, EventSubject, readonly string[]])[] = [
  ['view', 'product', ['Product Viewed', 'Viewed Product']],
  ['search', 'query', ['Products Searched', 'Searched Products']],
  ['cart', 'product', ['Product Added', 'Added Product', 'Wishlist Product Added to Cart']],
  ['remove', 'product', ['Product Removed', 'Removed Product']],
  ['purchase', 'order', ['Order Completed', 'Completed Order']],
  ['cancellation', 'order', ['Order Refunded', 'Refunded Order', 'Order Cancelled', 'Cancelled Order']],
  [
    'impression',
    'shown',
    ['Promotion Viewed', 'Viewed Promotion', 'Recommendation Viewed', 'Email Opened', 'Push Notification Received'],
  ],
  ['click', 'shown', ['Product Clicked', 'Clicked Product', 'Promotion Clicked', 'Clicked Promotion']],
  ['click', 'shown', ['Recommendation Clicked', 'Email Link Clicked', 'Push Notification Tapped']],
  ['video_play', 'video', ['Video Playback Started', 'Video Content Started']],
  ['video_pause', 'video', ['Video Playback Paused']],
  ['video_resume', 'video', ['Video Playback Resumed']],
  ['video_seek', 'video', ['Video Playback Seek Started', 'Video Playback Seek Completed']],
  ['video_progress', 'video', ['Video Content Playing']],
  ['video_progress', 'video', ['Video Playback Buffer Started', 'Video Playback Buffer Completed']],
  ['video_progress', 'video', ['Video Playback Interrupted', 'Video Playback Exited', 'Video Quality Updated']],
  ['video_complete', 'video', ['Video Playback Completed', 'Video Content Completed']],
  ['error', 'code', ['Error', 'Error Occurred', 'Application Crashed']],
  ['consent', 'consent', ['Segment Consent Preference Updated', 'Segment Consent Preference', 'Consent Updated']],
]

const RULES = new Map<string, EventRule>()
for (const [type, about, names] of EVENT_NAMES) for (const name of names) RULES.set(name.toLowerCase(), { type, about })

/** The rule for an event of this name, in any case of letters; undefined for names of the sender's own. */
export function eventRule(name: string): EventRule | undefined {
  return RULES.get(name.trim().toLowerCase())
}
