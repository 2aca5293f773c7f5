/**
 * Playback: a user rewinds twice to one stretch of a video, or pauses at one. A stretch is ten seconds of the video; each is decided
 * once for each user.
 */
import { durationSetting } from '../config/duration.js'
import { defineDecision } from '../frame/define-decision.js'
import { fields, integer, list, packed, text } from '../frame/packed/packed.js'
import type { Turn } from '../frame/turn.js'
import type { UserActivity } from '../records/activity.js'

/** A pause that nothing has ended: one for each video, more only if two people turned out to be one. */
interface Pause {
  readonly video: string
  readonly at: number
  readonly positionMs: number
}

/** The latest rewind that landed in a stretch. */
interface Rewind {
  readonly video: string
  readonly stretch: number
  readonly at: number
}

interface Playing {
  readonly pauses: readonly Pause[]
  readonly rewinds: readonly Rewind[]
}

const STRETCH_MS = 10_000
const NOTHING: Playing = { pauses: [], rewinds: [] }

export const playback = defineDecision({
  name: 'playback',
  title: 'Playback',
  within: '200ms',
  channel: 'page',
  validFor: '10m',
  reads: ['video_play', 'video_pause', 'video_resume', 'video_seek', 'video_progress', 'video_complete'],
  keepFor: '365d',
  settings: { pause: '3s', rewindsWithin: '1m' },
  prepare: ({ pause, rewindsWithin }) => ({
    pauseMs: durationSetting(pause, 'pause'),
    rewindMs: durationSetting(rewindsWithin, 'rewindsWithin'),
  }),
  state: {
    initial: NOTHING,
    serde: packed(
      fields<Playing>({
        pauses: list(fields<Pause>({ video: text, at: integer, positionMs: integer })),
        rewinds: list(fields<Rewind>({ video: text, stretch: integer, at: integer })),
      }),
    ),
  },
  onEvent(playing: Playing, event, turn) {
    const { pauseMs, rewindMs } = turn.settings
    const video = event.videoId!
    let pauses = playing.pauses
    if (pauses.some((pause) => pause.video === video)) {
      turn.wakeAt(null, video)
      for (const pause of pauses) {
        if (pause.video === video && event.at - pause.at >= pauseMs) turn.decide(pausedAt(pause, pauseMs))
      }
      pauses = pauses.filter((pause) => pause.video !== video)
    }
    if (event.type === 'video_pause') {
      pauses = [...pauses, { video, at: event.at, positionMs: event.positionMs! }]
      turn.wakeAt(event.at + pauseMs, video)
    }
    const recent = playing.rewinds.filter(({ at }) => event.at - at <= rewindMs)
    if (!isRewind(event)) return pauses.length === 0 && recent.length === 0 ? NOTHING : { pauses, rewinds: recent }
    const stretch = Math.floor(event.seekToMs! / STRETCH_MS)
    const before = recent.find((one) => one.video === video && one.stretch === stretch)
    if (before !== undefined) {
      turn.decide({
        subject: `${video}/${stretch}`,
        becauseOf: video,
        sessionId: event.sessionId,
        reason: 'rewound twice',
      })
    }
    return { pauses, rewinds: [...recent.filter((one) => one !== before), { video, stretch, at: event.at }] }
  },
  onTimer(playing: Playing, atMs, turn, video) {
    const { pauseMs } = turn.settings
    const isOver = (pause: Pause) => pause.video === video && atMs - pause.at >= pauseMs
    for (const pause of playing.pauses) if (isOver(pause)) turn.decide(pausedAt(pause, pauseMs))
    const pauses = playing.pauses.filter((pause) => !isOver(pause))
    wakeForPause(pauses, video, turn)
    return pauses.length === 0 && playing.rewinds.length === 0 ? NOTHING : { pauses, rewinds: playing.rewinds }
  },
  /** Pauses of both wait, two of one video too. Of two rewinds to one stretch the later one counts. */
  merge(known: Playing, visitor: Playing, turn) {
    const pauses = [...known.pauses, ...visitor.pauses]
    for (const { video } of visitor.pauses) wakeForPause(pauses, video, turn)
    const latest = [...known.rewinds, ...visitor.rewinds].sort((a, b) => b.at - a.at)
    const rewinds = latest.filter((one, i) => latest.findIndex((other) => isSameStretch(one, other)) === i)
    return { pauses, rewinds: rewinds.reverse() }
  },
})

function isSameStretch(one: Rewind, other: Rewind): boolean {
  return one.video === other.video && one.stretch === other.stretch
}

/** The first pause of a video sets its timer. */
function wakeForPause(pauses: readonly Pause[], video: string, turn: Turn<{ readonly pauseMs: number }>): void {
  const times = pauses.filter((pause) => pause.video === video).map(({ at }) => at)
  if (times.length > 0) turn.wakeAt(Math.min(...times) + turn.settings.pauseMs, video)
}

/** A seek to an earlier position. */
function isRewind({ type, positionMs, seekToMs }: UserActivity): boolean {
  return type === 'video_seek' && seekToMs! < positionMs!
}

function pausedAt({ video, at, positionMs }: Pause, pauseMs: number) {
  const stretch = Math.floor(positionMs / STRETCH_MS)
  return { subject: `${video}/${stretch}`, at: at + pauseMs, becauseOf: video, reason: 'paused' }
}
