/** SaslHandshake (key 17), versions 0 to 1 as Kafka 4.3 defines them. */

import { array, int16, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const saslHandshakeApi = defineApi({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  flexibleFrom: Number.POSITIVE_INFINITY,
  request: {
    mechanism: string(),
  },
  response: {
    errorCode: int16(),
    mechanisms: array('0+', string()),
  },
})
