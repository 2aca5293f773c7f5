/** `mapAsync`, `mapValuesAsync`, `processAsync`: asynchronous handlers. */
import { MillraceError } from '../errors.js'
import type { StreamRecord } from '../record/record.js'
import type { AsyncNode } from '../topology/async-node.js'
import type { AsyncRunning, Forwarding, Place } from './context.js'
import type { Build, Settle } from './operator.js'

/** Records taken per handler that may run: enough that handlers never wait for the task, few enough to bound memory. */
const TAKEN_PER_HANDLER = 4

interface Job {
  readonly record: StreamRecord
  readonly settle: Settle
}

type Context = Place & Forwarding & AsyncRunning

/**
 * Records of one key are handled one after the other, whatever the order results continue in; records without a key have
 * no order. At most `concurrency` handlers run at once. A handler that fails every attempt is judged as any other user
 * code: by the policy for processing errors.
 */
export const buildAsync: Build<AsyncNode, Context> = (node, context) => {
  const jobs = new Jobs(node, context)
  return { push: (record) => jobs.add(record), close: () => jobs.reset() }
}

class Jobs {
  readonly #node: AsyncNode
  readonly #context: Context
  readonly #enter: () => Settle
  /** Key → jobs that wait for the one of that key that runs. */
  readonly #waiting = new Map<unknown, Job[]>()
  /** Jobs whose key is free, waiting for a handler. */
  #backlog: Job[] = []
  #running = 0
  #abort = new AbortController()

  constructor(node: AsyncNode, context: Context) {
    this.#node = node
    this.#context = context
    const capacity = node.concurrency * TAKEN_PER_HANDLER
    this.#enter = context.asyncWork(capacity, node.order === 'input', () => this.reset()).enter
  }

  add(record: StreamRecord): void {
    const job = { record, settle: this.#enter() }
    const key = keyName(record.key)
    const waiting = key === null ? undefined : this.#waiting.get(key)
    if (waiting !== undefined) {
      waiting.push(job)
      return
    }
    if (key !== null) this.#waiting.set(key, [])
    if (this.#running < this.#node.concurrency) this.#start(job)
    else this.#backlog.push(job)
  }

  /** Nothing that runs is wanted any more. */
  reset(): void {
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#waiting.clear()
    this.#backlog = []
    this.#running = 0
  }

  #start(job: Job): void {
    this.#running++
    const abort = this.#abort
    this.#attempts(job.record, abort.signal).then(
      (records) => this.#finished(job, abort, () => records.forEach(this.#context.forward)),
      (error) =>
        this.#finished(job, abort, () => {
          throw error
        }),
    )
  }

  #finished(job: Job, abort: AbortController, deliver: () => void): void {
    if (abort !== this.#abort) return
    this.#running--
    const key = keyName(job.record.key)
    if (key !== null) {
      const next = this.#waiting.get(key)!.shift()
      if (next === undefined) this.#waiting.delete(key)
      else this.#backlog.push(next)
    }
    while (this.#running < this.#node.concurrency && this.#backlog.length > 0) this.#start(this.#backlog.shift()!)
    job.settle(deliver)
  }

  async #attempts(record: StreamRecord, stopped: AbortSignal): Promise<readonly StreamRecord[]> {
    const { attempts, backoffMs } = this.#node
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(record, attempt, stopped)
      } catch (error) {
        if (attempt >= attempts || stopped.aborted) throw error
        await new Promise<void>((resolve) => this.#context.setTimer(backoffMs * 2 ** (attempt - 1), resolve))
      }
    }
  }

  #attempt(record: StreamRecord, attempt: number, stopped: AbortSignal): Promise<readonly StreamRecord[]> {
    const { handler, timeoutMs, name } = this.#node
    if (timeoutMs === null) return handler(record, { attempt, signal: stopped })
    const late = new AbortController()
    const signal = AbortSignal.any([stopped, late.signal])
    return new Promise((resolve, reject) => {
      const cancel = this.#context.setTimer(timeoutMs, () => {
        late.abort()
        reject(
          new MillraceError(
            'ASYNC_TIMEOUT',
            `The handler of node ${name} did not finish within ${timeoutMs} ms (attempt ${attempt}).`,
            {
              node: name,
              taskId: this.#context.taskId,
            },
          ),
        )
      })
      handler(record, { attempt, signal }).then(resolve, reject).finally(cancel)
    })
  }
}

/** Equal for equal keys. Different keys with one name would only wait for each other. */
function keyName(key: unknown): unknown {
  if (typeof key !== 'object' || key === null) return key ?? null
  if (key instanceof Uint8Array) return Buffer.from(key).toString('latin1')
  return JSON.stringify(key, (_name, value) => (typeof value === 'bigint' ? String(value) : value))
}
