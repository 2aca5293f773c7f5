/** Heartbeat (key 12), versions 0 to 4 as Kafka 4.3 defines them. */

import { int16, int32, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const heartbeatApi = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleFrom: 4,
  request: {
    groupId: string(),
    generationId: int32(),
    memberId: string(),
    groupInstanceId: string('3+', { nullable: '0+', default: null }),
  },
  response: {
    throttleTimeMs: int32('1+', { ignorable: true }),
    errorCode: int16(),
  },
})
