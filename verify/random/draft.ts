/** A random case under construction: its nodes, the types of its topics, and its choices. */
import type { Random } from '../../lib/record/random.js'
import type { CaseNode, CaseStore, CaseWindow } from '../cases/case.js'

/** What the values of a topic look like: digits, words, or `word|key` with a foreign key behind the bar. */
export type Domain = 'number' | 'text' | 'reference'

export interface TopicDraft {
  readonly domain: Domain
  /** Null values may be fed. */
  nullable: boolean
}

/** A stream; user code that cannot bear null values is only put on one that has none. */
export interface StreamDraft {
  readonly id: string
  readonly value: 'number' | 'text'
  readonly nullable: boolean
}

export interface TableDraft {
  readonly id: string
  readonly value: 'number' | 'text'
  /** The windows of a windowed table, null where keys are plain. */
  readonly window: CaseWindow | null
  /** Its results are final, one per window. */
  readonly final?: boolean
}

export class CaseDraft {
  readonly random: Random
  keyType: 'string' | 'int' | 'long'
  readonly nodes: CaseNode[] = []
  readonly topics = new Map<string, TopicDraft>()
  /** Keys of inputs may be null. */
  nullKeys = true
  /** Longest step of event time between two inputs, ms; now and then one is longer. */
  stepMs = 8
  /** How far back a late record lies, ms. */
  lateMs = 40
  /** Share of inputs after which time jumps far ahead. */
  jumpShare = 0.02
  #stores = 0

  constructor(random: Random, keyType: 'string' | 'int' | 'long') {
    this.random = random
    this.keyType = keyType
  }

  chance(share: number): boolean {
    return this.random.next() < share
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.random.int(choices.length)]!
  }

  /** Adds a node; returns its id. */
  add(node: Omit<CaseNode, 'id'>): string {
    const id = `n${this.nodes.length}`
    this.nodes.push({ id, ...node })
    return id
  }

  stream(topic: string, domain: 'number' | 'text', nullable = this.chance(0.4)): StreamDraft {
    this.topics.set(topic, { domain, nullable })
    return { id: this.add({ op: 'stream', topic }), value: domain, nullable }
  }

  table(topic: string, domain: Domain, storeShare = 0.3, extra: Partial<CaseStore> = {}): TableDraft {
    this.topics.set(topic, { domain, nullable: true })
    const store = Object.keys(extra).length > 0 ? { store: this.store(extra) } : this.maybeStore(storeShare)
    const id = this.add({ op: 'table', topic, ...store })
    return { id, value: domain === 'number' ? 'number' : 'text', window: null }
  }

  store(extra: Partial<CaseStore> = {}): CaseStore {
    this.#stores++
    return { name: `store${this.#stores}`, ...extra }
  }

  maybeStore(share: number): { readonly store?: CaseStore } {
    return this.chance(share) ? { store: this.store() } : {}
  }

  domain(): 'number' | 'text' {
    return this.chance(0.4) ? 'number' : 'text'
  }
}
