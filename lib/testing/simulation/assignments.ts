/** I4: a task has one owner per generation, and a member reads and commits only partitions assigned to it. */
import {
  apiByKey,
  decodeConsumerAssignment,
  decodeRequest,
  decodeRequestHeader,
  decodeResponse,
  fetchApi,
  isFlexible,
  offsetCommitApi,
  syncGroupApi,
  txnOffsetCommitApi,
} from '../../protocol/index.js'
import { formatTopicPartition } from '../../record/record.js'
import type { FrameEye, FrameOnWay } from './network.js'
import type { SimProcess } from './process.js'
import type { SimWorld } from './world.js'

type Violated = (invariant: string, what: string) => void

interface Held {
  /** Everything assigned to the process at any time. */
  readonly ever: Set<string>
  /** Generation → what it gave the process. */
  readonly byGeneration: Map<number, ReadonlySet<string>>
  now: ReadonlySet<string>
  sinceMs: number
  /** The last fetch per lane: most are asked again as they were. */
  readonly asked: Map<string, Buffer>
}

export interface AssignmentEyeOptions {
  readonly world: SimWorld
  /** Whose requests are looked at. */
  readonly isMember: (process: SimProcess) => boolean
  readonly topicOf: (topicId: string) => string | undefined
  /** A partition that was taken away may be read this long: the commit in progress comes first. */
  readonly graceMs: number
  /** How long ago that is, as far as it counts: no fault holds anybody up. */
  readonly countedMs: (sinceMs: number) => number
  readonly violated: Violated
}

export class AssignmentEye implements FrameEye {
  readonly #options: AssignmentEyeOptions
  readonly #held = new Map<SimProcess, Held>()

  constructor(options: AssignmentEyeOptions) {
    this.#options = options
  }

  sent(frame: FrameOnWay): void {
    if (frame.apiKey !== fetchApi.key || !frame.lane.startsWith('fetch') || !this.#options.isMember(frame.process))
      return
    this.#read(frame)
  }

  answered(frame: FrameOnWay, answer: Buffer): void {
    if (!this.#options.isMember(frame.process)) return
    if (frame.apiKey === syncGroupApi.key) this.#handedOut(frame)
    else if (frame.apiKey === txnOffsetCommitApi.key || frame.apiKey === offsetCommitApi.key) {
      this.#committed(frame, answer)
    }
  }

  heard(frame: FrameOnWay, answer: Buffer): void {
    if (frame.apiKey !== syncGroupApi.key || !this.#options.isMember(frame.process)) return
    const { errorCode, assignment } = decodeResponse(syncGroupApi, frame.apiVersion, answerBody(frame, answer))
    if (errorCode !== 0) return
    const { generationId } = decodeRequest(syncGroupApi, frame.apiVersion, requestBody(frame))
    const held = this.#of(frame.process)
    held.now = new Set(partitionsOf(assignment))
    held.sinceMs = this.#options.world.nowMs
    for (const name of held.now) held.ever.add(name)
    held.byGeneration.set(generationId, held.now)
    held.asked.clear()
  }

  #of(process: SimProcess): Held {
    let held = this.#held.get(process)
    if (held === undefined) {
      held = { ever: new Set(), byGeneration: new Map(), now: new Set(), sinceMs: 0, asked: new Map() }
      this.#held.set(process, held)
    }
    return held
  }

  #read(frame: FrameOnWay): void {
    const { world, topicOf, graceMs, countedMs, violated } = this.#options
    const bytes = requestBody(frame)
    const held = this.#of(frame.process)
    if (held.asked.get(frame.lane)?.equals(bytes) === true && world.nowMs - held.sinceMs < graceMs) return
    held.asked.set(frame.lane, bytes)
    for (const { topic, topicId, partitions } of decodeRequest(fetchApi, frame.apiVersion, bytes).topics) {
      const name = frame.apiVersion >= 13 ? topicOf(topicId) : topic
      if (name === undefined) continue
      for (const { partition } of partitions) {
        const read = formatTopicPartition(name, partition)
        if (held.now.has(read)) continue
        if (!held.ever.has(read)) violated('I4', `${frame.process.name} reads ${read}, which was never assigned to it`)
        else if (countedMs(held.sinceMs) > graceMs) {
          violated('I4', `${frame.process.name} reads ${read}, taken from it at ${held.sinceMs.toFixed(0)} ms`)
        }
      }
    }
  }

  #handedOut(frame: FrameOnWay): void {
    const { generationId, assignments } = decodeRequest(syncGroupApi, frame.apiVersion, requestBody(frame))
    const owners = new Map<string, string>()
    for (const { memberId, assignment } of assignments) {
      for (const name of partitionsOf(assignment)) {
        const other = owners.get(name)
        if (other !== undefined) {
          this.#options.violated('I4', `generation ${generationId} gives ${name} to ${other} and ${memberId}`)
        }
        owners.set(name, memberId)
      }
    }
  }

  /** A commit that the coordinator has taken, under a generation that gave the process something else. */
  #committed(frame: FrameOnWay, answer: Buffer): void {
    const { process, apiKey, apiVersion } = frame
    const isTransaction = apiKey === txnOffsetCommitApi.key
    const response = isTransaction
      ? decodeResponse(txnOffsetCommitApi, apiVersion, answerBody(frame, answer))
      : decodeResponse(offsetCommitApi, apiVersion, answerBody(frame, answer))
    const generation = isTransaction
      ? decodeRequest(txnOffsetCommitApi, apiVersion, requestBody(frame)).generationId
      : decodeRequest(offsetCommitApi, apiVersion, requestBody(frame)).generationIdOrMemberEpoch
    const held = this.#held.get(process)?.byGeneration.get(generation)
    if (held === undefined) return
    for (const { name, partitions } of response.topics) {
      for (const { partitionIndex, errorCode } of partitions) {
        const committed = formatTopicPartition(name, partitionIndex)
        if (errorCode !== 0 || held.has(committed)) continue
        const what = `${process.name} commits ${committed} in generation ${generation}, which did not give it that`
        this.#options.violated('I4', what)
      }
    }
  }
}

function partitionsOf(assignment: Buffer): string[] {
  if (assignment.length === 0) return []
  return decodeConsumerAssignment(assignment).assignedPartitions.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => formatTopicPartition(topic, partition)),
  )
}

function requestBody({ request }: FrameOnWay): Buffer {
  return request.subarray(decodeRequestHeader(request, apiByKey).bodyStart)
}

/** An answer without its header. */
export function answerBody({ apiKey, apiVersion }: FrameOnWay, answer: Buffer): Buffer {
  const api = apiByKey(apiKey)
  return answer.subarray(api !== undefined && isFlexible(api, apiVersion) ? 5 : 4)
}
