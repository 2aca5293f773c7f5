/** OffsetFetch (key 9), versions 1 to 9 as Kafka 4.3 defines them. */

import { array, boolean, int16, int32, int64, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const offsetFetchApi = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 9],
  flexibleFrom: 6,
  request: {
    groupId: string('0-7'),
    topics: array(
      '0-7',
      {
        name: string(),
        partitionIndexes: array('0+', int32()),
      },
      { nullable: '2+' },
    ),
    groups: array('8+', {
      groupId: string(),
      memberId: string('9+', { nullable: '0+', default: null, ignorable: true }),
      memberEpoch: int32('9+', { default: -1, ignorable: true }),
      topics: array(
        '0+',
        {
          name: string(),
          partitionIndexes: array('0+', int32()),
        },
        { nullable: '0+' },
      ),
    }),
    requireStable: boolean('7+', { default: false }),
  },
  response: {
    throttleTimeMs: int32('3+', { ignorable: true }),
    topics: array('0-7', {
      name: string(),
      partitions: array('0+', {
        partitionIndex: int32(),
        committedOffset: int64(),
        committedLeaderEpoch: int32('5+', { default: -1, ignorable: true }),
        metadata: string('0+', { nullable: '0+' }),
        errorCode: int16(),
      }),
    }),
    errorCode: int16('2-7', { default: 0, ignorable: true }),
    groups: array('8+', {
      groupId: string(),
      topics: array('0+', {
        name: string(),
        partitions: array('0+', {
          partitionIndex: int32(),
          committedOffset: int64(),
          committedLeaderEpoch: int32('0+', { default: -1 }),
          metadata: string('0+', { nullable: '0+' }),
          errorCode: int16(),
        }),
      }),
      errorCode: int16('0+', { default: 0 }),
    }),
  },
})
