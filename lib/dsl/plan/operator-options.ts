/** The options of each operator of the DSL. A misspelt name would be the default, without a word. */
import { MillraceError } from '../../errors.js'
import { kindOf } from '../../record/kind-of.js'
import { requireKnown } from '../../record/known-options.js'
import { isSerde } from '../../serde/topic.js'
import type { Named } from './handle.js'

const NAMED = ['name']
const SERDES = ['name', 'key', 'value']
const STORED = ['name', 'store']
const SOURCE = ['name', 'key', 'value', 'timestampExtractor', 'offsetReset']
const ASYNC = ['name', 'concurrency', 'order', 'timeoutMs', 'attempts', 'backoffMs']
/** `merger` is for sessions; options may be shared with other windows. */
const FOLD = ['name', 'initializer', 'adder', 'merger', 'store']

const OPTIONS = {
  StreamsBuilder: ['timestampExtractor'],
  build: ['optimize', 'ensureExplicitNames', 'wrapProcessor'],
  stream: SOURCE,
  table: [...SOURCE, 'store'],
  globalTable: ['name', 'key', 'value', 'timestampExtractor', 'store'],
  addGlobalStore: ['name', 'topic', 'key', 'value', 'store', 'supplier', 'timestampExtractor'],
  filter: NAMED,
  map: NAMED,
  mapValues: NAMED,
  flatMap: NAMED,
  flatMapValues: NAMED,
  selectKey: NAMED,
  peek: NAMED,
  print: ['name', 'label', 'mapper'],
  merge: NAMED,
  split: NAMED,
  branch: ['name', 'into'],
  repartition: [...SERDES, 'partitions', 'partitioner'],
  to: [...SERDES, 'partitioner'],
  toTable: [...SERDES, 'store'],
  groupBy: SERDES,
  process: ['name', 'stores'],
  async: ASYNC,
  'stream join': ['name', 'window', 'joiner', 'store', 'key', 'value', 'otherValue'],
  'stores of stream join': ['name', 'logged', 'engine', 'topicConfig'],
  'table join': ['name', 'joiner', 'graceMs', 'key', 'value'],
  'global table join': ['name', 'joiner', 'keySelector'],
  windowedBy: ['time'],
  count: STORED,
  reduce: STORED,
  aggregate: FOLD,
  cogroup: ['name', 'initializer', 'merger', 'store'],
  'table filter': STORED,
  'table mapValues': STORED,
  'table transformValues': [...STORED, 'stores'],
  toStream: NAMED,
  'table reduce': ['name', 'adder', 'subtractor', 'store'],
  'table aggregate': ['name', 'initializer', 'adder', 'subtractor', 'store'],
  'join of tables': ['name', 'joiner', 'store'],
  'join by foreign key': [
    'name',
    'joiner',
    'foreignKey',
    'store',
    'partitioner',
    'otherPartitioner',
    'value',
    'otherValue',
  ],
  suppress: ['name', 'logged', 'topicConfig'],
  untilWindowCloses: ['maxRecords', 'maxBytes', 'onFull'],
  untilTimeLimit: ['maxRecords', 'maxBytes', 'onFull'],
} satisfies Readonly<Record<string, readonly string[]>>

/** `of`: the stream or table that has the operator. @throws MillraceError CONFIG_INVALID */
export function checkOptions(operator: keyof typeof OPTIONS, options: unknown, of?: string): void {
  if (options === undefined) return
  const where = of === undefined ? operator : `${operator} of ${of}`
  requireKnown(options, OPTIONS[operator], where, 'CONFIG_INVALID')
  for (const part of ['key', 'value', 'otherValue'] as const) {
    const serde = (options as Readonly<Record<string, unknown>>)[part]
    if (serde === undefined || serde === null || isSerde(serde)) continue
    throw new MillraceError('CONFIG_INVALID', `${where}: ${part} is ${kindOf(serde)}: use a serde`)
  }
}

/** The same, of an operator that cannot do without them. @throws MillraceError CONFIG_INVALID */
export function requireOptions(operator: keyof typeof OPTIONS, options: unknown, of: string): void {
  checkOptions(operator, options ?? null, of)
}

/** For an operator that has no other option. */
export function nameOnly(options: Named | undefined): Named {
  return options?.name === undefined ? {} : { name: options.name }
}
