/** The published files as admitted events, whole, for the reference. */
import { linesOf } from '../../../lib/personalization/input/formats/bytes.js'
import { isInvalidRow } from '../../../lib/personalization/input/formats/rows.js'
import { formatNamed, replayOf } from '../../../lib/personalization/input/index.js'
import {
  type ActivityType,
  activityOf,
  activityProblem,
  type UserActivity,
} from '../../../lib/personalization/records/activity.js'
import { PLAYBACK, REES46, RETAIL, realFile } from '../real-data.js'

export const rees46Events = () => eventsOf('rees46', REES46)
export const retailEvents = () => eventsOf('retail', RETAIL)

async function eventsOf(format: string, path: string): Promise<UserActivity[]> {
  const events: UserActivity[] = []
  for await (const row of replayOf(formatNamed(format), realFile(path))) {
    if (!isInvalidRow(row) && activityProblem(row) === null) events.push(row)
  }
  return events
}

const TYPES: Readonly<Record<string, ActivityType>> = {
  'Video Playback Paused': 'video_pause',
  'Video Playback Resumed': 'video_resume',
  'Video Playback Seek Completed': 'video_seek',
  Error: 'error',
}

interface Call {
  readonly event: string
  readonly userId: string
  readonly messageId: string
  readonly timestamp: string
  readonly properties: {
    readonly content_asset_id?: string
    readonly position?: number
    readonly seek_position?: number
    readonly code?: string
  }
}

/** Read here without the door, so that a fault of the door shows. */
export async function playbackEvents(): Promise<UserActivity[]> {
  const events: UserActivity[] = []
  for await (const lines of linesOf(realFile(PLAYBACK))) {
    for (const line of lines) if (line !== '') events.push(playbackEvent(JSON.parse(line) as Call))
  }
  return events
}

function playbackEvent({ event, userId, messageId, timestamp, properties }: Call): UserActivity {
  return activityOf({
    eventId: messageId,
    userId,
    type: TYPES[event]!,
    at: Date.parse(timestamp),
    source: 'replay',
    name: properties.code ?? null,
    videoId: properties.content_asset_id ?? null,
    positionMs: milliseconds(properties.position),
    seekToMs: milliseconds(properties.seek_position),
  })
}

function milliseconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.floor(seconds * 1_000)
}
