/** What the decisions make of a track call. */
import t from 'tap'
import { activitiesOfCall } from '../../../../lib/personalization/doors/segment/segment-call.js'
import { only, serviceDriver } from '../../service-driver.js'

const AT = Date.UTC(2026, 0, 5, 8)

t.test('a rewind counts once, whichever event of the seek says where it leads', async (t) => {
  const [started, completed] = ['Video Playback Seek Started', 'Video Playback Seek Completed']
  const rows: [string, readonly (readonly [event: string, properties: object])[]][] = [
    [
      "Segment's specification",
      [
        [started, { position: 100, seek_position: 62 }],
        [completed, { position: 62 }],
      ],
    ],
    ['only the start', [[started, { position: 100, seek_position: 62 }]]],
    ['only the end', [[completed, { position: 100, seek_position: 62 }]]],
    [
      'the end alone says where',
      [
        [started, { position: 100 }],
        [completed, { position: 100, seek_position: 62 }],
      ],
    ],
  ]
  for (const [who, seek] of rows) {
    const service = serviceDriver({ graceMs: 0 }, AT)
    let [count, seconds] = [0, 0]
    const rewind = () => {
      for (const [event, properties] of seek) {
        const timestamp = new Date(AT + ++seconds * 1_000).toISOString()
        const rest = { messageId: `m-${++count}`, timestamp }
        const call = {
          type: 'track',
          userId: 'u',
          event,
          properties: { content_asset_id: 'v', ...properties },
          ...rest,
        }
        const mapped = activitiesOfCall(call, { source: 'api', receivedMs: AT, fallbackId: 'made' })
        if ('problem' in mapped) throw new Error(mapped.problem)
        for (const activity of mapped.activities) service.send(activity)
      }
    }
    rewind()
    t.same(only(service.decisions(), 'playback'), [], who)
    rewind()
    t.match(only(service.decisions(), 'playback'), [{ subject: 'v/6/u', reason: 'rewound twice' }], who)
  }
})
