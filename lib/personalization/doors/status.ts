/** `GET /health` and `GET /metrics.json`. */
import type { Door } from './door.js'

export const statusDoor: Door = {
  name: 'status',
  what: 'GET /health, GET /metrics.json',
  isPublic: true,
  errors: [],
  route(server, { errorCounts, live, service }) {
    server.get('/health', async (_request, reply) => {
      const { state, tasks, problems } = service.figures()
      const ok = problems.length === 0 && (state === 'running' || state === 'rebalancing')
      return reply.code(ok ? 200 : 503).send({ ok, state, tasks, problems })
    })
    server.get('/metrics.json', async () => ({ ...live.snapshot, doorErrors: errorCounts(), history: live.history }))
  },
}
