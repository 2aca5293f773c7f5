/** One store through a random life against a naive model: writes, commits, aborts, crashes, lost disks. */
import t, { type Test } from 'tap'
import { type Random, seededRandom } from '../../../lib/record/random.js'
import { int64, string } from '../../../lib/serde/primitive.js'
import type { Serde } from '../../../lib/serde/serde.js'
import { MemoryEngines } from '../../../lib/state/memory-engine.js'
import type { StoreDefinition, StoreKind } from '../../../lib/state/stores/index.js'
import { defineStore } from '../../../lib/topology/store-definition.js'
import { Life } from '../life.js'

export interface StoreModel<S, M> {
  readonly definition: StoreDefinition
  /** Empty; copied by `structuredClone`, or by its own `clone`. */
  readonly model: () => M
  /** The same to both: a write, or a read whose answers are compared. Time goes on from step to step. */
  readonly step: (t: Test, random: Random, store: S, model: M, nowMs: number) => void
  /** All that can be read, without a change. */
  readonly compare: (t: Test, store: S, model: M) => void
}

/** A store with keys that are texts and values that are numbers. */
export function defined(kind: StoreKind, settings: Readonly<Record<string, unknown>> = {}): StoreDefinition {
  const { keySerde = string, valueSerde = int64, ...own } = settings
  const serdes = { keySerde: keySerde as Serde<unknown>, valueSerde: valueSerde as Serde<unknown> }
  const base = { name: 's', logged: true, engine: 'level', changelogTopic: null, topicConfig: {} } as const
  return defineStore({ ...base, ...serdes }, kind, settings === own ? settings : own)
}

/** None is the beginning of another, but for the first two. */
export const KEYS = ['', 'a', 'b\0', 'é', 'zz']

export function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[random.int(list.length)]!
}

function copied<M>(model: M): M {
  const { clone } = model as { readonly clone?: () => M }
  return clone === undefined ? structuredClone(model) : clone.call(model)
}

export function randomLives<S, M>(name: string, rules: StoreModel<S, M>, seeds = 8): void {
  for (let seed = 1; seed <= seeds; seed++) {
    t.test(`${name}: a random life, seed ${seed}`, (t) => lived(t, seededRandom(`${name}/${seed}`), rules))
  }
}

async function lived<S, M>(t: Test, random: Random, rules: StoreModel<S, M>): Promise<void> {
  const engines = new MemoryEngines()
  const life = new Life(engines, [rules.definition])
  await life.start()
  let [open, committed] = [rules.model(), rules.model()]
  let nowMs = 1_000_000
  const commit = () => {
    life.send()
    committed = copied(open)
  }
  for (let i = 0; i < 250; i++) {
    nowMs += random.int(40) === 0 ? random.int(200_000) : random.int(300)
    const dice = random.int(100)
    if (dice < 82) rules.step(t, random, life.state.store<never>('s'), open, nowMs)
    else if (dice < 90) {
      commit()
      life.succeed()
    } else if (dice < 94) {
      if (dice === 93) life.send()
      life.abort()
      open = copied(committed)
    } else if (dice < 96) await life.state.maybeFlush(true)
    else {
      if (dice === 97) {
        commit()
        life.succeedUnheard()
      }
      await life.state.close({ flush: false })
      if (dice === 99) await engines.setAside('0_0', 'lost')
      await life.start()
      open = copied(committed)
    }
    rules.compare(t, life.state.store<never>('s'), open)
    if (!t.passing()) return t.comment(`step ${i}`)
  }
  await life.state.close({ flush: false })
}
