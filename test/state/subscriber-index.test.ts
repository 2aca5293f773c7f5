/** The directory of subscriptions against a sorted set, through commits, aborts and restores. */
import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import { combinedKey, primaryKeyStart } from '../../lib/serde/foreign-key.js'
import { bytes } from '../../lib/serde/primitive.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import type { SubscriptionStore } from '../../lib/state/ports/store.js'
import type { StoreDefinition } from '../../lib/state/stores/index.js'
import { TaskState } from '../../lib/state/task-state.js'
import { ManualClock } from '../../lib/testing/index.js'

const settings = {
  name: 'subscriptions',
  kind: 'subscription',
  keySerde: bytes,
  valueSerde: bytes,
  logged: true,
  cached: false,
  engine: 'level',
  retentionMs: null,
  windowSizeMs: null,
  changelogTopic: null,
  topicConfig: {},
} as unknown as StoreDefinition

const GROUPS = ['', 'a', 'ab'].map((group) => Buffer.from(group))

function open(): TaskState {
  const engine = new MemoryEngines().openSync('0_0')
  return TaskState.openSync({
    taskId: '0_0',
    stores: [settings],
    engine,
    clock: new ManualClock(0),
    residentBytes: 50_000,
  })
}

function listed(state: TaskState): string[] {
  const found: string[] = []
  for (const group of GROUPS) {
    state.store<SubscriptionStore>('subscriptions').forEach(group, (key, value) => {
      found.push(`${group}/${key}=${value}`)
    })
  }
  return found
}

/** In the order of groups, then of key bytes. */
function expected(rows: ReadonlyMap<string, string>): string[] {
  return GROUPS.flatMap((group) =>
    [...rows]
      .filter(([name]) => name.startsWith(`${group}/`))
      .map(([name, value]) => `${name}=${value}`)
      .sort(),
  )
}

for (let seed = 1; seed <= 6; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = seededRandom(seed)
    const state = open()
    const changelog: { key: Buffer; value: Buffer | null }[] = []
    let committed = new Map<string, string>()
    let rows = new Map<string, string>()
    for (let round = 0; round < 40; round++) {
      // Grows first, then shrinks, so that pages split and empty.
      const deletes = round > 25 ? 9 : 2
      for (let step = 0; step < 150; step++) {
        const group = GROUPS[random.int(GROUPS.length)]!
        const key = `key${String(random.int(1500)).padStart(4, '0')}`
        const value = random.int(10) < deletes ? null : `${random.int(100)}`
        const store = state.store<SubscriptionStore>('subscriptions')
        store.put(group, Buffer.from(key), value === null ? null : Buffer.from(value), step)
        if (value === null) rows.delete(`${group}/${key}`)
        else rows.set(`${group}/${key}`, value)
      }
      if (random.int(3) === 0) {
        state.commitAborted()
        rows = new Map(committed)
      } else {
        state.beginCommit((_store, key, value) => changelog.push({ key, value }))
        state.commitSucceeded(new Map())
        committed = new Map(rows)
        await state.maybeFlush(random.int(2) === 0)
      }
      t.same(listed(state), expected(rows), `round ${round}`)
    }
    const restored = open()
    for (const { key, value } of changelog) restored.restore('subscriptions', key, value, 0)
    t.same(listed(restored), expected(rows), 'rebuilt from the changelog')
  })
}

t.test('a damaged key is refused', async (t) => {
  t.equal(primaryKeyStart(combinedKey(Buffer.from('fk'), Buffer.from('pk'))), 6)
  for (const bad of ['', '000000', '00000005aabb', 'ffffffff00']) {
    t.throws(() => primaryKeyStart(Buffer.from(bad, 'hex')), { code: 'SERDE_BYTES_INVALID' })
  }
})
