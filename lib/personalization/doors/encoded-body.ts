/** JSON bodies under several content types, gzipped or not, within the limit of their route. */
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { DoorError } from './errors.js'

const unzip = promisify(gunzip)

/** In this scope bodies of `types` are JSON, and no others are taken. A route's `bodyLimit` holds for the unpacked text too. */
export function takeEncodedJson(scope: FastifyInstance, types: string[] | RegExp): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(types, { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    jsonOf(await unpacked(request, body)),
  )
}

/** @throws DoorError REQUEST_MALFORMED, REQUEST_TOO_LARGE, REQUEST_TYPE_UNSUPPORTED */
async function unpacked(request: FastifyRequest, body: Buffer): Promise<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (encoding === 'identity') return body
  if (encoding !== 'gzip' && encoding !== 'x-gzip') {
    throw new DoorError('REQUEST_TYPE_UNSUPPORTED', 'the content-encoding is neither gzip nor identity')
  }
  try {
    return await unzip(body, { maxOutputLength: request.routeOptions.bodyLimit })
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new DoorError('REQUEST_TOO_LARGE', 'the unpacked body is too large', { cause })
    }
    throw new DoorError('REQUEST_MALFORMED', 'the body is not gzip', { cause })
  }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch (cause) {
    throw new DoorError('REQUEST_MALFORMED', 'the body is not JSON', { cause })
  }
}
