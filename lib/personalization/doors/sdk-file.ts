/** `GET /sdk.js`: the SDK for browsers, for pages of every origin. */
import { fileURLToPath } from 'node:url'
import type { Door } from './door.js'

const SDK_FOLDER = fileURLToPath(new URL('../sdk/', import.meta.url))

export const sdkDoor: Door = {
  name: 'sdk',
  what: 'GET /sdk.js, the SDK for browsers',
  isPublic: true,
  errors: [],
  async route(server) {
    const { default: files } = await import('@fastify/static')
    await server.register(files, { root: SDK_FOLDER, serve: false })
    server.get('/sdk.js', (_request, reply) => {
      // A page of another origin may import a module only with this. It has no secrets, so every origin may.
      reply.header('access-control-allow-origin', '*').header('cross-origin-resource-policy', 'cross-origin')
      return reply.sendFile('sdk.js', { maxAge: '10m' })
    })
  },
}
