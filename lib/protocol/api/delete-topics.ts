/** DeleteTopics (key 20), versions 1 to 6 as Kafka 4.3 defines them. */

import { array, int16, int32, string, uuid } from '../wire/field.js'
import { defineApi } from './define.js'

export const deleteTopicsApi = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [1, 6],
  flexibleFrom: 4,
  request: {
    topics: array('6+', {
      name: string('0+', { nullable: '0+', default: null }),
      topicId: uuid(),
    }),
    topicNames: array('0-5', string(), { ignorable: true }),
    timeoutMs: int32(),
  },
  response: {
    throttleTimeMs: int32(),
    responses: array('0+', {
      name: string('0+', { nullable: '6+' }),
      topicId: uuid('6+', { ignorable: true }),
      errorCode: int16(),
      errorMessage: string('5+', { nullable: '0+', default: null, ignorable: true }),
    }),
  },
})
