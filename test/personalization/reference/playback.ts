/**
 * A second rewind that lands in the same stretch of a video soon after another, or a pause that is long enough: once per user,
 * video and stretch.
 */
import type { ActivityType, UserActivity } from '../../../lib/personalization/records/activity.js'
import { eventsByUser, MINUTE_MS, type ReferenceDecision, SECOND_MS } from './plain.js'

const PLAYBACK: readonly ActivityType[] = [
  'video_play',
  'video_pause',
  'video_resume',
  'video_seek',
  'video_progress',
  'video_complete',
]

export interface PlaybackTimes {
  /** From one rewind to another, inclusive. */
  readonly rewindsWithinMs?: number
  /** A pause of exactly this length counts. */
  readonly pauseMs?: number
  readonly stretchMs?: number
}

export function referencePlayback(events: readonly UserActivity[], times: PlaybackTimes = {}): ReferenceDecision[] {
  const { rewindsWithinMs = MINUTE_MS, pauseMs = 3 * SECOND_MS, stretchMs = 10 * SECOND_MS } = times
  const found: ReferenceDecision[] = []
  for (const [userId, own] of eventsByUser(events, PLAYBACK)) {
    own.forEach((event, i) => {
      const ofVideo = (other: UserActivity) => other.videoId === event.videoId
      const decide = (positionMs: number, at: number) => {
        const subject = `${event.videoId}/${Math.floor(positionMs / stretchMs)}/${userId}`
        found.push({ rule: 'playback', userId, subject, at })
      }
      if (isRewind(event)) {
        const landsIn = (seek: UserActivity) => Math.floor(seek.seekToMs! / stretchMs)
        const before = own.slice(0, i).filter((other) => ofVideo(other) && isRewind(other))
        const isSecond = before.some(
          (other) => landsIn(other) === landsIn(event) && event.at - other.at <= rewindsWithinMs,
        )
        if (isSecond) decide(event.seekToMs!, event.at)
      }
      if (event.type === 'video_pause') {
        const next = own.slice(i + 1).find(ofVideo)
        if (next === undefined || next.at - event.at >= pauseMs) decide(event.positionMs!, event.at + pauseMs)
      }
    })
  }
  return firstOfEach(found)
}

/** A seek to an earlier position. */
function isRewind({ type, positionMs, seekToMs }: UserActivity): boolean {
  return type === 'video_seek' && seekToMs! < positionMs!
}

function firstOfEach(found: readonly ReferenceDecision[]): ReferenceDecision[] {
  const first = new Map<string, ReferenceDecision>()
  for (const decision of [...found].sort((a, b) => a.at - b.at)) {
    if (!first.has(decision.subject)) first.set(decision.subject, decision)
  }
  return [...first.values()]
}
