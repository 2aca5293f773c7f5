/** DescribeConfigs (key 32), versions 1 to 4 as Kafka 4.3 defines them. */

import { array, boolean, int8, int16, int32, string } from '../wire/field.js'
import { defineApi } from './define.js'

export const describeConfigsApi = defineApi({
  key: 32,
  name: 'DescribeConfigs',
  versions: [1, 4],
  flexibleFrom: 4,
  request: {
    resources: array('0+', {
      resourceType: int8(),
      resourceName: string(),
      configurationKeys: array('0+', string(), { nullable: '0+' }),
    }),
    includeSynonyms: boolean('0+', { default: false }),
    includeDocumentation: boolean('3+', { default: false }),
  },
  response: {
    throttleTimeMs: int32(),
    results: array('0+', {
      errorCode: int16(),
      errorMessage: string('0+', { nullable: '0+' }),
      resourceType: int8(),
      resourceName: string(),
      configs: array('0+', {
        name: string(),
        value: string('0+', { nullable: '0+' }),
        readOnly: boolean(),
        configSource: int8('0+', { default: -1 }),
        isSensitive: boolean(),
        synonyms: array('0+', {
          name: string(),
          value: string('0+', { nullable: '0+' }),
          source: int8(),
        }),
        configType: int8('3+', { default: 0, ignorable: true }),
        documentation: string('3+', { nullable: '0+', ignorable: true }),
      }),
    }),
  },
})
