/** CreatePartitions (key 37), versions 0 to 3 as Kafka 4.3 defines them. */

import { array, boolean, int16, int32, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const createPartitionsApi = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleFrom: 2,
  request: {
    topics: array('0+', {
      name: string(),
      count: int32(),
      assignments: array(
        '0+',
        {
          brokerIds: array('0+', int32()),
        },
        { nullable: '0+' },
      ),
    }),
    timeoutMs: int32(),
    validateOnly: boolean(),
  },
  response: {
    throttleTimeMs: int32(),
    results: array('0+', {
      name: string(),
      errorCode: int16(),
      errorMessage: string('0+', { nullable: '0+', default: null }),
    }),
  },
})
