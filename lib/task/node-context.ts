/** What a task gives the operator of each node: a function for each part of its context. */
import { MillraceError } from '../errors.js'
import type {
  AsyncRunning,
  Dropping,
  ProcessorCode,
  RecordInHand,
  StoreAccess,
  TimeKeeping,
  TopicOutput,
} from '../operators/context.js'
import { STORES, type StoreKind } from '../state/stores/index.js'
import type { PunctuationType } from '../topology/processor.js'
import type { AsyncLanes } from './async-work.js'
import type { Collector } from './collector.js'
import type { NodeContext } from './compile.js'
import type { TaskInput } from './input.js'
import { surroundings, type TaskOptions, type TaskStores } from './options.js'
import type { Punctuations } from './punctuation.js'
import type { RecordErrors } from './record-errors.js'
import { lastingOrigin, metadataOf } from './record-origin.js'
import { checkWrite } from './rejected-writes.js'
import type { TopicWaits } from './topic-waits.js'
import type { WorkInHand } from './work-in-hand.js'

/** Of one task: what its nodes work with. */
export interface TaskParts {
  readonly options: TaskOptions
  readonly state: TaskStores
  /** Of its own stores. */
  readonly storeKinds: ReadonlyMap<string, StoreKind>
  readonly input: TaskInput
  readonly inHand: WorkInHand
  readonly punctuations: Punctuations
  readonly collector: Collector
  readonly recordErrors: RecordErrors
  readonly async: AsyncLanes
  readonly waits: TopicWaits
  requestCommit(): void
}

export function nodeContext(node: string, parts: TaskParts): NodeContext {
  const { options, inHand } = parts
  return {
    ...surroundings(options),
    nodeName: node,
    withoutRecord: (push) => (record) => inHand.withoutRecord(push, record),
    ...storeAccess(node, parts),
    ...timeKeeping(node, parts),
    ...source(node, parts),
    ...userCode(node, parts),
    ...asyncRunning(node, parts),
    ...output(node, parts),
  }
}

function storeAccess(node: string, { options, state, storeKinds }: TaskParts): StoreAccess {
  return {
    store<S>(name: string): S {
      if (storeKinds.has(name)) return state.store(name) as S
      const global = options.globalStore(name)
      if (global !== null) return global.store as S
      const { text: taskId } = options.id
      throw new MillraceError(
        'TOPOLOGY_STORE_UNKNOWN',
        `Node ${node} uses store ${name}, which task ${taskId} does not have.`,
        {
          taskId,
          node,
        },
      )
    },
    storePort: (name) => STORES[storeKinds.get(name) ?? options.globalStore(name)?.kind ?? 'keyValue'].port,
  }
}

function timeKeeping(node: string, { input }: TaskParts): TimeKeeping {
  return {
    operatorTime: (name = node) => input.times.of(name),
    emitsOnClose: (last) => input.times.emitsOnClose(node, last),
  }
}

/** Of the current record. */
function source(node: string, { inHand, recordErrors }: TaskParts): RecordInHand & Dropping {
  return {
    recordMetadata: () => (inHand.origin === null ? null : metadataOf(inHand.origin)),
    drop: (reason) => recordErrors.drop(reason, node, inHand.origin),
  }
}

type UserCodeParts = Pick<
  ProcessorCode,
  'taskStreamTimeMs' | 'wallClockMs' | 'schedule' | 'followTimers' | 'requestCommit'
>

function userCode(
  node: string,
  { options, input, punctuations, recordErrors, requestCommit }: TaskParts,
): UserCodeParts {
  const wallClockMs = () => options.clock.now()
  const nowMs = (type: PunctuationType) => (type === 'streamTime' ? input.time.ms : wallClockMs())
  const guarded =
    <A extends unknown[]>(call: (...given: A) => void) =>
    (...given: A): void => {
      try {
        call(...given)
      } catch (error) {
        recordErrors.processing(node, null, error)
      }
    }
  return {
    taskStreamTimeMs: () => input.time.ms,
    wallClockMs,
    schedule: (intervalMs, type, punctuate, { startMs = null } = {}) =>
      punctuations.schedule(type, intervalMs, nowMs(type), guarded(punctuate), startMs),
    followTimers: (type, timers, call) => punctuations.follow(type, timers, () => nowMs(type), guarded(call)),
    requestCommit,
  }
}

function asyncRunning(node: string, { options, async }: TaskParts): AsyncRunning {
  return {
    setTimer: (delayMs, fire) => options.clock.setTimer(delayMs, fire),
    asyncWork: (capacity, inOrder, reset) => async.lane(node, capacity, inOrder, reset),
  }
}

function output(
  node: string,
  { options, collector, inHand, waits }: TaskParts,
): Omit<TopicOutput, 'topicName' | 'partitionCount'> {
  return {
    mustWaitFor: (topic) => waits.mustWait(topic),
    whenKnown(topic, bytes, write) {
      const origin = inHand.origin === null ? null : lastingOrigin(inHand.origin)
      waits.add({ node, topic, origin, bytes, write })
    },
    send(topic, partition, key, value, timestamp, headers) {
      checkWrite(options, node, inHand.origin, topic, key, value, timestamp, headers)
      collector.send(topic, partition, key, value, timestamp, headers)
    },
  }
}
