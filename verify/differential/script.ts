/** One random script: its steps, determined by its seed. */
import * as p from '../../lib/protocol/index.js'
import { seededRandom } from '../../lib/record/random.js'
import { GroupSteps } from './groups.js'
import { RawClient } from './raw-client.js'
import { type Handle, World } from './world.js'

export interface ScriptRun {
  readonly bootstrap: string
  /** In front of every name; the same seed twice must not meet itself on one broker. */
  readonly name: string
  readonly seed: number
  /** Timestamps begin here. */
  readonly baseMs: number
}

const STEPS = 60
/** How often each kind of step is drawn. */
const WEIGHTS: readonly (readonly [weight: number, kind: Kind])[] = [
  [8, 'plain'],
  [22, 'sequenced'],
  [7, 'init'],
  [14, 'add'],
  [10, 'end'],
  [14, 'fetch'],
  [6, 'list'],
  [3, 'describeTransaction'],
  [3, 'describeProducers'],
  [5, 'commit'],
  [5, 'offsets'],
  [4, 'commitInTransaction'],
  [4, 'join'],
  [2, 'leave'],
  [1, 'restart'],
  [3, 'heartbeat'],
  [2, 'describeGroup'],
  [1, 'deleteOffset'],
  [1, 'deleteGroup'],
  [2, 'grow'],
  [3, 'deleteRecords'],
  [1, 'createTopic'],
  [1, 'deleteTopic'],
  [2, 'configs'],
]
const TOTAL = WEIGHTS.reduce((sum, [weight]) => sum + weight, 0)

type Kind =
  | 'plain'
  | 'sequenced'
  | 'init'
  | 'add'
  | 'end'
  | 'fetch'
  | 'list'
  | 'describeTransaction'
  | 'describeProducers'
  | 'commit'
  | 'offsets'
  | 'commitInTransaction'
  | 'join'
  | 'leave'
  | 'restart'
  | 'heartbeat'
  | 'describeGroup'
  | 'deleteOffset'
  | 'deleteGroup'
  | 'grow'
  | 'deleteRecords'
  | 'createTopic'
  | 'deleteTopic'
  | 'configs'

/** What the broker answered, line by line; a step that threw is the last line. */
export async function runScript({ bootstrap, name, seed, baseMs }: ScriptRun): Promise<readonly string[]> {
  const client = await RawClient.open(bootstrap)
  const world = new World(client, name, seededRandom(`${seed}/differential`), baseMs)
  const groups = new GroupSteps(world, bootstrap)
  try {
    await groups.find()
    while (world.topics.length < 2) await world.createTopic()
    for (let i = 0; i < 2; i++) await world.init()
    for (let i = 0; i < STEPS; i++) await take(kindOf(world), world, groups)
    for (const { transactionalId } of world.handles) await world.untilEnded(transactionalId)
  } catch (error) {
    world.script.note('threw', (error as Error).message)
  } finally {
    groups.close()
    const topicNames = world.topics.map((topic) => topic.name)
    await client.ask(p.deleteTopicsApi, 4, { topicNames, timeoutMs: 10_000 }).catch(() => undefined)
    client.close()
  }
  return world.script.lines
}

function kindOf({ random }: World): Kind {
  let at = random.int(TOTAL)
  for (const [weight, kind] of WEIGHTS) {
    if (at < weight) return kind
    at -= weight
  }
  return 'fetch'
}

async function take(kind: Kind, world: World, groups: GroupSteps): Promise<void> {
  const owners: Record<Kind, () => Promise<unknown>> = {
    plain: () => world.producePlain(),
    sequenced: () => withHandle(world, false, (handle) => world.produceSequenced(handle)),
    init: () => world.init(),
    add: () => withHandle(world, true, (handle) => world.addPartitions(handle)),
    end: () => withHandle(world, true, (handle) => world.end(handle)),
    fetch: () => world.fetch(),
    list: () => world.listOffsets(),
    describeTransaction: () => world.describeTransaction(),
    describeProducers: () => world.describeProducers(),
    commit: () => groups.commit(),
    offsets: () => groups.offsets(),
    commitInTransaction: () => withHandle(world, true, (handle) => groups.commitInTransaction(handle)),
    join: () => groups.join(),
    leave: () => groups.leave(),
    restart: () => groups.restart(),
    heartbeat: () => groups.heartbeat(),
    describeGroup: () => groups.describe(),
    deleteOffset: () => groups.deleteOffset(),
    deleteGroup: () => groups.deleteGroup(),
    grow: () => grow(world),
    deleteRecords: () => deleteRecords(world),
    createTopic: () => world.createTopic(),
    deleteTopic: () => deleteTopic(world),
    configs: () => configs(world),
  }
  await owners[kind]()
}

/** Mostly the newest identity of its kind, now and then one that was fenced since. */
async function withHandle(
  world: World,
  transactional: boolean,
  step: (handle: Handle) => Promise<void>,
): Promise<void> {
  const fitting = world.handles.filter(({ isTransactional }) => isTransactional || !transactional)
  if (fitting.length === 0) return world.init()
  const newest = fitting.filter(
    (one) =>
      one.transactionalId === '' || fitting.findLast((other) => other.transactionalId === one.transactionalId) === one,
  )
  await step(world.chance(0.9) ? world.pick(newest) : world.pick(fitting))
}

async function grow(world: World): Promise<void> {
  const topic = world.pick(world.topics)
  const count = topic.partitions + world.random.int(3) - 1
  const body = { topics: [{ name: topic.name, count, assignments: null }], timeoutMs: 10_000, validateOnly: false }
  const { errorCode } = (await world.client.ask(p.createPartitionsApi, 1, body)).results[0]!
  world.script.error(`grow to ${count}`, errorCode)
  if (errorCode !== 0) return
  topic.partitions = count
  await world.script.untilPartitions(topic.name, count)
}

async function deleteRecords(world: World): Promise<void> {
  const { topic, partition, label } = world.place()
  const offset = world.pick([-1, 0, 1, 2, 3, 4, 6, 1_000])
  const topics = [{ name: topic, partitions: [{ partitionIndex: partition, offset }] }]
  const answer = await world.client.ask(p.deleteRecordsApi, 1, { topics, timeoutMs: 5_000 })
  const { errorCode, lowWatermark } = answer.topics[0]!.partitions[0]!
  world.script.error(`delete ${label} before ${offset}`, errorCode, lowWatermark)
}

async function deleteTopic(world: World): Promise<void> {
  if (world.topics.length < 3) return
  const [topic] = world.topics.splice(world.random.int(world.topics.length), 1)
  const answer = await world.client.ask(p.deleteTopicsApi, 4, { topicNames: [topic!.name], timeoutMs: 10_000 })
  world.script.error(`delete ${topic!.name.slice(-2)}`, answer.responses[0]!.errorCode)
  await world.script.untilPartitions(topic!.name, 0)
}

async function configs(world: World): Promise<void> {
  const topic = world.pick(world.topics)
  const [name, value] = world.pick([
    ['retention.ms', '86400000'],
    ['retention.ms', '-5'],
    ['segment.bytes', '2000000'],
    ['cleanup.policy', 'compact,delete'],
    ['no.such.setting', '1'],
  ] as const)
  const operation = world.random.int(2)
  const configs = [{ name, configOperation: operation, value: operation === 0 ? value : null }]
  const resources = [{ resourceType: 2, resourceName: topic.name, configs }]
  const answer = await world.client.ask(p.incrementalAlterConfigsApi, 1, { resources, validateOnly: false })
  world.script.error(`alter ${name} ${operation}`, answer.responses[0]!.errorCode)
}
