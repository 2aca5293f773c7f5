/** The part of validation that is about user code: a function that is not there would fail at the first record. */
import { MillraceError } from '../errors.js'
import type { Node } from './node.js'
import type { Topology } from './topology.js'

/** Fields that hold a function wherever a node has them. */
const FUNCTIONS = [
  'predicate',
  'mapper',
  'action',
  'supplier',
  'handler',
  'joiner',
  'merger',
  'subtractor',
  'keySelector',
  'foreignKey',
] as const
/** Fields that hold a function or nothing. */
const OPTIONAL_FUNCTIONS = ['partitioner', 'timestampExtractor'] as const

type Fields = Readonly<Record<string, unknown>>

/** As `requireFunction`, for one that may be async. @throws MillraceError TOPOLOGY_FUNCTION_MISSING */
export function requireAnyFunction(given: unknown, option: string, where: string): void {
  if (typeof given === 'function') return
  const got = given === undefined || given === null ? 'none' : `a ${typeof given}`
  throw new MillraceError('TOPOLOGY_FUNCTION_MISSING', `${where} needs \`${option}\`, a function, and got ${got}`, {
    node: where,
  })
}

const AsyncFunction = (async () => {}).constructor

/**
 * Operators do not wait: a promise would be the value, pass every filter, and do its work outside of the commit.
 * @throws MillraceError TOPOLOGY_FUNCTION_MISSING, TOPOLOGY_FUNCTION_ASYNC
 */
export function requireFunction(given: unknown, option: string, where: string): void {
  requireAnyFunction(given, option, where)
  if (!(given instanceof AsyncFunction)) return
  throw new MillraceError(
    'TOPOLOGY_FUNCTION_ASYNC',
    `${where} does not wait for its \`${option}\`, an async function`,
    {
      node: where,
    },
  )
}

/**
 * Called twice, as Kafka Streams does, where it does not ask for a context, which there is none of yet. What a supplier
 * throws is left for the start of the task. @throws MillraceError PROCESSOR_SHARED
 */
function checkMadeAnew(supplier: (...given: never[]) => object, where: string): void {
  if (supplier.length > 0) return
  const made = (): unknown => {
    try {
      return supplier()
    } catch {
      return null
    }
  }
  const first = made()
  if (typeof first !== 'object' || first === null || first !== made()) return
  throw new MillraceError('PROCESSOR_SHARED', `the supplier of ${where} returns the same object at every call`, {
    node: where,
  })
}

function checkNode(node: Node): void {
  const fields = node as unknown as Fields
  const where = `node ${node.name}`
  // A table's toStream keeps its keys without a mapper.
  const required = FUNCTIONS.filter((name) => name in fields && !(node.kind === 'tableToStream' && !node.mapper))
  for (const name of required) {
    if (name === 'handler') requireAnyFunction(fields[name], name, where)
    else requireFunction(fields[name], name, where)
  }
  for (const name of OPTIONAL_FUNCTIONS) {
    if (fields[name] !== null && fields[name] !== undefined) requireFunction(fields[name], name, where)
  }
  if (node.kind === 'process' || node.kind === 'tableTransformValues') checkMadeAnew(node.supplier, where)
  if (node.kind === 'split') for (const each of node.predicates) requireFunction(each, 'predicate', where)
  if (node.kind === 'sink' && typeof node.topic !== 'string') requireFunction(node.topic, 'topic', where)
  const fold = fields.fold as Fields | undefined
  if (fold === undefined) return
  requireFunction(fold.adder, 'adder', where)
  if (fold.initializer !== null) requireFunction(fold.initializer, 'initializer', where)
}

/** @throws MillraceError TOPOLOGY_FUNCTION_MISSING, TOPOLOGY_FUNCTION_ASYNC, PROCESSOR_SHARED */
export function checkFunctions(topology: Topology): void {
  for (const node of topology.nodes) checkNode(node)
  for (const { supplier, timestampExtractor, processorName } of topology.globalStores) {
    const where = `node ${processorName}`
    if (supplier !== null) requireFunction(supplier, 'supplier', where)
    if (timestampExtractor !== null) requireFunction(timestampExtractor, 'timestampExtractor', where)
  }
}
