/** `--random N`: random cases on Millrace, on Kafka Streams and on the naive reference, with statistics. */
import { availableParallelism } from 'node:os'
import { MillraceError } from '../../lib/errors.js'
import type { CaseNode, ConformanceCase } from '../cases/case.js'
import { randomCase } from '../random/case.js'
import { SOUND_RULES } from '../reference/node.js'
import { type Judgement, judge } from './judge.js'
import { openOracle } from './oracle.js'

/** Cases per JVM: enough to make its start cheap, few enough to show progress. */
const BATCH = 500
/** Passed by a rule of section 4, at most; each operator's share of the cases, at least. */
const MOST_BY_RULE = 0.05
const LEAST_SHARE = 0.01

export interface RandomOptions {
  readonly count: number
  /** Cases `seed` * 1,000,000 + `from` onward. */
  readonly seed: number
  readonly from: number
  readonly print: (line: string) => void
}

interface Tally {
  passed: number
  failed: number
  skipped: number
}

/** Ends with the tally; `skipped` counts all cases where there is no Java. */
export async function runRandom({ count, seed, from, print }: RandomOptions): Promise<Tally> {
  const tally: Tally = { passed: 0, failed: 0, skipped: 0 }
  const oracle = await openOracle().catch((error: unknown) => {
    if (!(error instanceof MillraceError) || error.code !== 'KAFKA_UNAVAILABLE') throw error
    print(`skipped: ${error.message}`)
    return null
  })
  if (oracle === null) return { ...tally, skipped: count }
  const summary = new Summary()
  const cases = Array.from({ length: count }, (_, i) => randomCase(seed * 1_000_000 + from + i))
  const batches = chunks(cases, BATCH)
  for (const group of chunks(batches, Math.max(1, Math.min(2, availableParallelism())))) {
    const runs = await Promise.all(group.map((batch) => oracle.run(batch)))
    for (const [i, batch] of group.entries()) {
      for (const testCase of batch) {
        const run = runs[i]!.get(testCase.name)
        if (run === undefined) throw new Error(`the oracle left out ${testCase.name}`)
        const judgement = judge(testCase, run)
        summary.add(testCase, judgement)
        if (judgement.kind === 'failed') tally.failed++
        else if (judgement.kind === 'skipped') tally.skipped++
        else tally.passed++
        if (judgement.kind === 'failed' || judgement.kind === 'skipped') {
          print(`${judgement.kind} ${testCase.name}: ${judgement.why}`)
        }
      }
    }
  }
  return { ...tally, failed: tally.failed + summary.report(print) }
}

function chunks<T>(items: readonly T[], size: number): (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

class Summary {
  #cases = 0
  #equal = 0
  #byRule = 0
  #referenceAgrees = 0
  #referenceDiffers: string[] = []
  readonly #rules = new Map<string, number>(SOUND_RULES.map((rule) => [rule, 0]))
  readonly #operators = new Map<string, number>(OPERATORS.map((operator) => [operator, 0]))

  add(testCase: ConformanceCase, judgement: Judgement): void {
    this.#cases++
    for (const operator of new Set(operatorsOf(testCase))) {
      this.#operators.set(operator, (this.#operators.get(operator) ?? 0) + 1)
    }
    if (judgement.kind === 'byRule') {
      this.#byRule++
      for (const rule of judgement.rules) this.#rules.set(rule, (this.#rules.get(rule) ?? 0) + 1)
    }
    if (judgement.kind !== 'equal') return
    this.#equal++
    if (judgement.reference === true) this.#referenceAgrees++
    if (judgement.reference === false) this.#referenceDiffers.push(testCase.name)
  }

  /** Prints the shares; returns how many bounds they break. */
  report(print: (line: string) => void): number {
    const share = (count: number) => `${((100 * count) / Math.max(1, this.#cases)).toFixed(1)} %`
    print(`equal to Kafka Streams: ${this.#equal}, the reference agrees on ${this.#referenceAgrees} of them`)
    if (this.#referenceDiffers.length > 0) print(`the reference differs on ${this.#referenceDiffers.join(', ')}`)
    const rules = [...this.#rules].map(([rule, count]) => `${rule} ${count}`).join(', ')
    print(`passed by a rule of section 4: ${this.#byRule} (${share(this.#byRule)}): ${rules}`)
    const operators = [...this.#operators].sort((a, b) => b[1] - a[1])
    print(`operators: ${operators.map(([operator, count]) => `${operator} ${share(count)}`).join(', ')}`)
    // Fewer cases say nothing about shares.
    if (this.#cases < 1 / LEAST_SHARE ** 1.5) return 0
    const rare = operators.filter(([, count]) => count < LEAST_SHARE * this.#cases).map(([operator]) => operator)
    if (rare.length > 0) print(`failed: below 1 % of the cases: ${rare.join(', ')}`)
    const tooMany = this.#byRule > MOST_BY_RULE * this.#cases
    if (tooMany) print('failed: more than 5 % passed by a rule of section 4')
    return (rare.length > 0 ? 1 : 0) + (tooMany ? 1 : 0)
  }
}

const TABLE_OPERATORS = ['filter', 'filterNot', 'mapValues', 'groupBy']

/** Every operator of the format, told apart where it is another one: by what it reads, by its window, by its kind. */
const OPERATORS = [
  ...[
    'stream',
    'table',
    'globalTable',
    'map',
    'selectKey',
    'groupByKey',
    'merge',
    'repartition',
    'toTable',
    'toStream',
  ],
  ...TABLE_OPERATORS.flatMap((op) => [`stream ${op}`, `table ${op}`]),
  ...['count', 'reduce', 'aggregate', 'table count', 'table reduce', 'table aggregate', 'cogroup', 'versioned store'],
  ...['tumbling', 'hopping', 'sliding', 'session', 'unlimited', 'tumbling on close', 'hopping on close'],
  ...['sliding on close', 'session on close', 'suppress windowCloses', 'suppress timeLimit'],
  ...['stream-stream inner', 'stream-stream left', 'stream-stream outer', 'stream-table inner', 'stream-table left'],
  ...['stream-table with grace', 'stream-globalTable inner', 'stream-globalTable left', 'table-table inner'],
  ...['table-table left', 'table-table outer', 'foreignKeyJoin inner', 'foreignKeyJoin left'],
]

function operatorsOf(testCase: ConformanceCase): string[] {
  const kinds = new Map<string, 'stream' | 'table' | 'globalTable'>()
  const names: string[] = []
  for (const node of testCase.topology ?? []) {
    const inputs = node.in === undefined ? [] : typeof node.in === 'string' ? [node.in] : node.in
    const read = inputs.map((id) => kinds.get(id) ?? 'stream')
    if (node.op !== 'to') names.push(...namesOf(node, read))
    kinds.set(node.id, resultOf(node, read))
  }
  return names
}

type Kind = 'stream' | 'table' | 'globalTable'

/** A grouping is of what it groups, so that an aggregate knows what it folds. */
function resultOf(node: CaseNode, read: readonly Kind[]): Kind {
  if (node.op === 'globalTable') return 'globalTable'
  if (['table', 'toTable', 'count', 'reduce', 'aggregate', 'foreignKeyJoin', 'suppress'].includes(node.op))
    return 'table'
  return node.op === 'toStream' ? 'stream' : (read[0] ?? 'stream')
}

function namesOf(node: CaseNode, read: readonly Kind[]): string[] {
  const from = read[0] ?? 'stream'
  const names = node.store?.kind === 'versioned' ? ['versioned store'] : []
  if (node.op === 'join') {
    if (node.graceMs !== undefined) names.push('stream-table with grace')
    return [...names, `${from}-${read[1]} ${node.kind}`]
  }
  if (node.op === 'foreignKeyJoin') return [`foreignKeyJoin ${node.kind}`]
  if (node.op === 'suppress') return [`suppress ${node.until}`]
  if (node.op === 'windowedBy') return [`${node.window?.kind}${node.emit === 'onWindowClose' ? ' on close' : ''}`]
  if (TABLE_OPERATORS.includes(node.op)) return [`${from} ${node.op}`]
  if (['count', 'reduce', 'aggregate'].includes(node.op) && from === 'table') return [`table ${node.op}`]
  return [...names, node.op]
}
