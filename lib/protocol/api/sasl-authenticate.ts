/** SaslAuthenticate (key 36), versions 0 to 2 as Kafka 4.3 defines them. */

import { bytes, int16, int64, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const saslAuthenticateApi = defineApi({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexibleFrom: 2,
  request: {
    authBytes: bytes(),
  },
  response: {
    errorCode: int16(),
    errorMessage: string('0+', { nullable: '0+' }),
    authBytes: bytes(),
    sessionLifetimeMs: int64('1+', { default: 0, ignorable: true }),
  },
})
