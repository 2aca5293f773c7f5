/** AddOffsetsToTxn (key 25), versions 0 to 4 as Kafka 4.3 defines them. */

import { int16, int32, int64, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const addOffsetsToTxnApi = defineApi({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexibleFrom: 3,
  request: {
    transactionalId: string(),
    producerId: int64(),
    producerEpoch: int16(),
    groupId: string(),
  },
  response: {
    throttleTimeMs: int32(),
    errorCode: int16(),
  },
})
