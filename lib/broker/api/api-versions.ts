/** ApiVersions v0 to v4: lists exactly the registry. An unknown version is answered as v0 with error 35. */
import { apiVersionsApi, KAFKA_ERROR as E, type ResponseInput } from '../../protocol/index.js'
import { defineHandler, type Handler } from './handler.js'

/** `handlers` is read when asked, as this handler is one of them. */
export function apiVersionsHandler(handlers: () => Iterable<Handler>): Handler {
  return defineHandler(apiVersionsApi, [0, 4], () => ({
    errorCode: E.NONE,
    apiKeys: [...handlers()].map(range).sort((a, b) => a.apiKey - b.apiKey),
  }))
}

/** What a client of a newer protocol reads to come back with a version that is spoken here (KIP-511). */
export function unsupportedApiVersions(handler: Handler): ResponseInput<typeof apiVersionsApi> {
  return { errorCode: E.UNSUPPORTED_VERSION, apiKeys: [range(handler)] }
}

function range({ api, versions }: Handler): { apiKey: number; minVersion: number; maxVersion: number } {
  return { apiKey: api.key, minVersion: versions[0], maxVersion: versions[1] }
}
