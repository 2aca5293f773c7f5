/** `/campaigns`: operators list, write and take back campaigns; `POST /api/demo/flash-sale`: a visitor of a demonstration starts one. */

import type { ItemCatalogue } from '../catalogue/item-catalogue.js'
import { instantMs } from '../config/config-schema.js'
import { type Campaign, campaignOf, DEFAULT_PER_SECOND } from '../records/campaign.js'
import type { Door } from './door.js'
import { DoorError } from './errors.js'

const DEMO_MS = 10 * 60_000
const DEMO_PREFIX = 'demo-flash-sale-'

const CAMPAIGN_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['start', 'end'],
  properties: {
    title: { type: ['string', 'null'], maxLength: 200 },
    categories: { type: 'array', items: { type: 'string' } },
    items: { type: 'array', items: { type: 'string' } },
    start: { type: 'string' },
    end: { type: 'string' },
    perSecond: { type: 'number' },
  },
} as const
const DEMO_BODY = {
  type: 'object',
  additionalProperties: false,
  required: ['category'],
  properties: { category: { type: 'string', minLength: 1, maxLength: 80 } },
} as const

interface CampaignBody {
  readonly title?: string | null
  readonly categories?: readonly string[]
  readonly items?: readonly string[]
  readonly start: string
  readonly end: string
  readonly perSecond?: number
}
interface Named {
  readonly Params: { readonly id: string }
}

export const campaignsDoor: Door = {
  name: 'campaigns',
  what: 'GET /campaigns, PUT /campaigns/ID, DELETE /campaigns/ID, POST /api/demo/flash-sale',
  errors: [
    'ADMIN_TOKEN_INVALID',
    'BROKER_UNAVAILABLE',
    'CAMPAIGN_UNKNOWN',
    'DEMO_CLOSED',
    'ORIGIN_NOT_ALLOWED',
    'REQUEST_MALFORMED',
    'REQUEST_TOO_FREQUENT',
    'REQUEST_TOO_LARGE',
    'REQUEST_TYPE_UNSUPPORTED',
    'SERVER_FAILED',
  ],
  route(server, { access, service }) {
    const { campaigns } = service
    server.get('/campaigns', async (request, reply) => {
      access.checkOperator(request)
      const { nowMs } = campaigns
      return reply.header('cache-control', 'no-store').send({ nowMs, campaigns: campaigns.all })
    })
    server.put<Named & { Body: CampaignBody }>(
      '/campaigns/:id',
      { schema: { body: CAMPAIGN_BODY } },
      async (request) => {
        access.checkOperator(request)
        const campaign = campaignOfBody(request.params.id, request.body, campaigns.nowMs)
        await campaigns.write(campaign)
        return campaign
      },
    )
    server.delete<Named>('/campaigns/:id', async (request, reply) => {
      access.checkOperator(request)
      const { id } = request.params
      if (!campaigns.all.some((campaign) => campaign.id === id)) {
        throw new DoorError('CAMPAIGN_UNKNOWN', 'there is no campaign of this id')
      }
      await campaigns.remove(id)
      return reply.code(204).send()
    })
    server.post<{ Body: { category: string } }>(
      '/api/demo/flash-sale',
      { schema: { body: DEMO_BODY } },
      async ({ body: { category } }, reply) => {
        if (!access.demoLogin) throw new DoorError('DEMO_CLOSED', 'only a demonstration has this route')
        const { nowMs } = campaigns
        const campaign = demoCampaign(category, service.catalogue, campaigns.all, nowMs)
        if (campaign.startMs === nowMs) await campaigns.write(campaign)
        return reply.code(202).send({ campaign, nowMs })
      },
    )
  },
}

/** @throws DoorError REQUEST_MALFORMED */
function campaignOfBody(id: string, body: CampaignBody, nowMs: number): Campaign {
  const [startMs, endMs] = [instantMs(body.start), instantMs(body.end)]
  if (startMs === undefined || endMs === undefined) {
    const name = startMs === undefined ? 'start' : 'end'
    throw new DoorError('REQUEST_MALFORMED', `${name} must be an instant with a zone, such as 2026-03-01T12:00:00Z`)
  }
  const { title, categories, items, perSecond = DEFAULT_PER_SECOND } = body
  const campaign = campaignOf(id, JSON.stringify({ id, title, categories, items, startMs, endMs, perSecond }))
  if (typeof campaign === 'string') throw new DoorError('REQUEST_MALFORMED', `the campaign is rejected: ${campaign}`)
  if (endMs <= nowMs) {
    throw new DoorError(
      'REQUEST_MALFORMED',
      `the campaign is over: the service's time is ${new Date(nowMs).toISOString()}`,
    )
  }
  return campaign
}

/** Of each category one at a time: the present one, or a new one from now on. @throws DoorError REQUEST_MALFORMED */
function demoCampaign(category: string, catalogue: ItemCatalogue, known: readonly Campaign[], nowMs: number): Campaign {
  const place = [...catalogue.byCategory.keys()].indexOf(category)
  if (place < 0) throw new DoorError('REQUEST_MALFORMED', 'the shop has no such category')
  const present = known.find(({ id, categories, endMs }) => {
    return id.startsWith(DEMO_PREFIX) && categories.includes(category) && endMs > nowMs
  })
  if (present !== undefined) return present
  const title = `Flash sale: ${category}`
  const times = { startMs: nowMs, endMs: nowMs + DEMO_MS }
  const id = `${DEMO_PREFIX}${place}-${nowMs}`
  return { id, title, categories: [category], items: [], ...times, perSecond: DEFAULT_PER_SECOND }
}
