/** Every API and version, both directions: against Java's bytes, against itself, and against damaged input. */
import t from 'tap'
import { isMillraceError } from '../../lib/errors.js'
import {
  type Api,
  allApis,
  decodeRequest,
  decodeResponse,
  encodeRequest,
  encodeResponse,
} from '../../lib/protocol/index.js'
import type { Field, Shape, Type } from '../../lib/protocol/wire/field.js'
import { defaultOf } from '../../lib/protocol/wire/schema.js'
import { seededRandom } from '../../lib/record/random.js'
import { bodyFixtures } from './fixtures.js'
import { randomBody } from './random-body.js'

const byName = new Map(allApis.map((api) => [api.name, api]))
type Direction = 'request' | 'response'

function encode(api: Api, direction: Direction, version: number, body: Record<string, unknown>): Buffer {
  return direction === 'request' ? encodeRequest(api, version, body) : encodeResponse(api, version, body)
}

function decode(api: Api, direction: Direction, version: number, bytes: Buffer): Record<string, unknown> {
  return direction === 'request' ? decodeRequest(api, version, bytes) : decodeResponse(api, version, bytes)
}

/** A decoded struct as Java's JSON converter prints it: bytes in base64, what it left out with its default. */
function likeJava(value: unknown, type: Type, java: unknown): unknown {
  if (value === null) return null
  if (type.kind === 'scalar' && type.scalar === 'records') return '' // Java prints no records
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (type.kind === 'array') {
    return (value as unknown[]).map((item, i) => likeJava(item, type.element, (java as unknown[])[i]))
  }
  return type.kind === 'struct' ? structLikeJava(value as Record<string, unknown>, type.shape, java) : value
}

function structLikeJava(struct: Record<string, unknown>, shape: Shape, java: unknown): Record<string, unknown> {
  const seen = java as Record<string, unknown>
  const out: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(shape)) {
    if (name in seen) out[name] = likeJava(struct[name], field.type, seen[name])
    else if (!isDefault(struct[name], field)) out[name] = struct[name]
  }
  return out
}

function isDefault(value: unknown, field: Field): boolean {
  return JSON.stringify(value) === JSON.stringify(defaultOf(field))
}

t.test('what Java wrote is read as Java reads it and written back to the same bytes', async (t) => {
  for (const [name, version, direction, hex, json] of bodyFixtures) {
    const api = byName.get(name)!
    const where = `${name} ${direction} v${version}`
    const body = decode(api, direction, version, Buffer.from(hex, 'hex'))
    t.equal(encode(api, direction, version, body).toString('hex'), hex, `${where}: bytes`)
    t.strictSame(structLikeJava(body, api[direction], json), json, `${where}: values`)
  }
  const covered = new Set(bodyFixtures.map(([name, version, direction]) => `${name}/${version}/${direction}`))
  let expected = 0
  for (const api of allApis) expected += 2 * (api.versions[1] - api.versions[0] + 1)
  t.equal(covered.size, expected, 'every version of every API is covered')
})

t.test('random bodies survive both ways', async (t) => {
  const random = seededRandom('bodies')
  for (const api of allApis) {
    for (let version = api.versions[0]; version <= api.versions[1]; version++) {
      for (const direction of ['request', 'response'] as const) {
        for (let i = 0; i < 5; i++) {
          const body = randomBody(api[direction], version, random)
          const bytes = encode(api, direction, version, body)
          const decoded = decode(api, direction, version, bytes)
          const again = encode(api, direction, version, decoded)
          if (!again.equals(bytes)) t.fail(`${api.name} ${direction} v${version} changed`)
          for (const [name, value] of Object.entries(body)) {
            if (typeof value !== 'object' && decoded[name] !== value) t.fail(`${api.name} v${version}: ${name} changed`)
          }
        }
      }
    }
  }
})

t.test('damaged bytes raise coded errors and nothing else', async (t) => {
  const random = seededRandom('damage')
  const outcomes = new Map<string, number>()
  for (const [name, version, direction, hex] of bodyFixtures) {
    const api = byName.get(name)!
    const bytes = Buffer.from(hex, 'hex')
    for (let i = 0; i < 20 && bytes.length > 0; i++) {
      let damaged = Buffer.from(bytes)
      if (i % 2 === 0) damaged = damaged.subarray(0, random.int(bytes.length))
      else damaged[random.int(bytes.length)]! ^= 1 << random.int(8)
      let outcome = 'accepted'
      try {
        decode(api, direction, version, damaged)
      } catch (error) {
        if (!isMillraceError(error)) throw error
        outcome = error.code
      }
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
  }
  t.ok((outcomes.get('PROTOCOL_TRUNCATED') ?? 0) > 1000, 'many are found cut short')
  t.ok((outcomes.get('PROTOCOL_INVALID') ?? 0) > 100, 'many are found malformed')
  t.strictSame(
    [...outcomes.keys()].sort(),
    ['PROTOCOL_INVALID', 'PROTOCOL_TRUNCATED', 'accepted'],
    'and no other code is used',
  )
})
