/** DeleteGroups (key 42), versions 0 to 2 as Kafka 4.3 defines them. */

import { array, int16, int32, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const deleteGroupsApi = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexibleFrom: 2,
  request: {
    groupsNames: array('0+', string()),
  },
  response: {
    throttleTimeMs: int32(),
    results: array('0+', {
      groupId: string(),
      errorCode: int16(),
    }),
  },
})
