/** One call of Segment's API as activities: a pure function, for the HTTP door and for files of the same calls. */
import { type ActivityFields, activityOf, activityProblem, type UserActivity } from '../../records/activity.js'
import { InputProblem, isObject, type JsonObject, objectOf, wordOf } from '../../records/loose-values.js'
import { LooseProperties, propertiesText } from '../../records/other-properties.js'
import { ITEM_NAMES, itemFields, sessionFields, takeQuery } from './item-fields.js'
import { trackCall } from './track-call.js'
import { CALL_TYPES, type CallType, type Receipt, type SharedFields, sharedFields } from './who-and-when.js'

/** A call is taken whole or not at all. */
export type MappedCall = { readonly activities: readonly UserActivity[] } | { readonly problem: string }

const MAPPINGS: Readonly<Record<CallType, (call: JsonObject, common: SharedFields) => ActivityFields[]>> = {
  track: trackCall,
  identify: identifyCall,
  page: (call, common) => pageCall(call, common, 'page'),
  screen: (call, common) => pageCall(call, common, 'screen'),
  alias: aliasCall,
  group: groupCall,
}

/** The activities of a call, in order, or why there are none. An order has one for each product. */
export function activitiesOfCall(call: unknown, receipt: Receipt): MappedCall {
  try {
    if (!isObject(call)) throw new InputProblem('the call is not an object')
    const type = receipt.type ?? CALL_TYPES.find((known) => known === call.type)
    if (type === undefined) throw new InputProblem(`type is not one of ${CALL_TYPES.join(', ')}`)
    const common = sharedFields(call, type, receipt)
    const activities = MAPPINGS[type](call, common).map(activityOf)
    const limits = receipt.notAfterMs === undefined ? {} : { notAfterMs: receipt.notAfterMs }
    for (const activity of activities) {
      const problem = activityProblem(activity, limits)
      if (problem !== null) return { problem }
    }
    return { activities }
  } catch (error) {
    if (error instanceof InputProblem) return { problem: error.message }
    throw error
  }
}

/** A page about a product is a view, one with a query a search. */
function pageCall(call: JsonObject, shared: SharedFields, kind: 'page' | 'screen'): ActivityFields[] {
  const properties = new LooseProperties(objectOf(call.properties, 'properties'))
  const name = wordOf(call.name, 'name') ?? properties.take(['name'], wordOf) ?? kind
  const common = { ...shared, name, consent: null }
  const itemId = properties.take(ITEM_NAMES, wordOf)
  const query = itemId === null ? takeQuery(properties) : null
  const session = sessionFields(properties, common)
  const item = itemId === null ? {} : itemFields(properties)
  const type = itemId !== null ? 'view' : query !== null ? 'search' : 'custom'
  return [{ ...common, ...session, ...item, type, itemId, query, properties: propertiesText(properties.rest()) }]
}

/** With both ids the visitor is the user from now on; with one, the call only tells traits. */
function identifyCall(call: JsonObject, shared: SharedFields): ActivityFields[] {
  const { userId, anonymousId } = shared
  const type = userId !== null && anonymousId !== null ? 'identify' : 'custom'
  const properties = propertiesText(Object.entries(objectOf(call.traits, 'traits')))
  return [{ ...shared, consent: null, type, name: 'identify', properties }]
}

/** The previous id is taken for that of a visitor: it has the state that moves to the user. */
function aliasCall(call: JsonObject, shared: SharedFields): ActivityFields[] {
  const previousId = wordOf(call.previousId, 'previousId')
  if (previousId === null) throw new InputProblem('alias without previousId')
  if (shared.userId === null) throw new InputProblem('alias without userId')
  if (previousId === shared.userId) throw new InputProblem('alias of an id to itself')
  return [{ ...shared, consent: null, type: 'alias', name: 'alias', anonymousId: previousId }]
}

function groupCall(call: JsonObject, shared: SharedFields): ActivityFields[] {
  const groupId = wordOf(call.groupId, 'groupId')
  if (groupId === null) throw new InputProblem('group without groupId')
  const entries = Object.entries(objectOf(call.traits, 'traits'))
  const properties = propertiesText([...entries, ['groupId', groupId]])
  return [{ ...shared, consent: null, type: 'custom', name: 'group', properties }]
}
