/** Validation of user functions: a missing function would fail only at the first record. */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { type FunctionRule, kindInfo, type Settings } from '../kinds.js'
import type { Node } from '../node.js'
import type { Topology } from '../topology.js'

/** As `requireFunction`, for one that may be async. @throws MillraceError TOPOLOGY_FUNCTION_MISSING */
export function requireAnyFunction(given: unknown, option: string, where: string): void {
  if (typeof given === 'function') return
  const got = given === undefined || given === null ? 'none' : kindOf(given)
  throw new MillraceError('TOPOLOGY_FUNCTION_MISSING', `${where} needs the function \`${option}\`, but got ${got}`, {
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
    `${where} does not await its \`${option}\`, which is an async function`,
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
  if (/^class\b/.test(Function.prototype.toString.call(supplier))) {
    const name = supplier.name || 'Processor'
    const text = `${where} needs a function that makes a processor, but got a class: use (context) => new ${name}(context)`
    throw new MillraceError('TOPOLOGY_FUNCTION_MISSING', text, { node: where })
  }
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

function checkFunction(given: unknown, option: string, rule: FunctionRule, where: string): void {
  if (rule === 'optional' && (given === null || given === undefined)) return
  if (rule === 'mayWait') requireAnyFunction(given, option, where)
  else requireFunction(given, option, where)
  if (rule === 'madeAnew') checkMadeAnew(given as () => object, where)
}

function checkNode(node: Node): void {
  const { functions, functionsWithin } = kindInfo(node.kind)
  const where = `node ${node.name}`
  for (const [field, rule] of Object.entries(functions)) {
    checkFunction((node as unknown as Settings)[field], field, rule, where)
  }
  for (const [given, option, rule] of functionsWithin?.(node as never) ?? []) checkFunction(given, option, rule, where)
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
