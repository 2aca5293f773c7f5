/** Seeded random message bodies, made from the field tables themselves. */
import type { Field, Scalar, Shape, Type } from '../../lib/protocol/wire/field.js'
import { inRange } from '../../lib/protocol/wire/schema.js'
import type { Random } from '../../lib/record/random.js'

const TEXTS = ['', 'a', 'topic-1', 'grüße', '日本', 'b', 'client', 'x'.repeat(130)]

/** A body with every field that `version` has; fields it lacks are left out. */
export function randomBody(shape: Shape, version: number, random: Random): Record<string, unknown> {
  const body: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(shape)) {
    if (inRange(field.versions, version)) body[name] = randomField(field, version, random)
  }
  return body
}

function randomField(field: Field, version: number, random: Random): unknown {
  if (inRange(field.nullable, version) && random.int(4) === 0) return null
  return randomValue(field.type, version, random)
}

function randomValue(type: Type, version: number, random: Random): unknown {
  if (type.kind === 'struct') return randomBody(type.shape, version, random)
  if (type.kind === 'scalar') return randomScalar(type.scalar, random)
  return Array.from({ length: random.int(3) }, () => randomValue(type.element, version, random))
}

function randomScalar(scalar: Scalar, random: Random): unknown {
  switch (scalar) {
    case 'boolean':
      return random.int(2) === 1
    case 'int8':
      return randomInteger(7, random)
    case 'int16':
      return randomInteger(15, random)
    case 'int32':
      return randomInteger(31, random)
    case 'int64':
      return randomInteger(53, random)
    case 'uuid':
      return random.bytes(16).toString('base64url')
    case 'string':
      return TEXTS[random.int(TEXTS.length)]
    case 'bytes':
    case 'records':
      return random.bytes(random.int(12))
  }
}

/** Small, large and extreme values of a signed integer with `bits` bits beside its sign. */
function randomInteger(bits: number, random: Random): number {
  const limit = 2 ** bits - 1
  switch (random.int(5)) {
    case 0:
      return -1
    case 1:
      return random.int(100)
    case 2:
      return limit
    case 3:
      return bits === 53 ? -limit : -limit - 1
    default:
      return Math.floor(random.next() * limit)
  }
}
