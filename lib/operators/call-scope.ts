/**
 * Allows `forward` only while user code of a processor runs. A record forwarded later, for example after an await,
 * would belong to no commit.
 */
import { MillraceError } from '../errors.js'
import type { Place } from './context.js'
import type { Push } from './operator.js'

export class CallScope {
  #depth = 0
  readonly #node: string
  readonly #taskId: string

  constructor(node: string, { taskId }: Pick<Place, 'taskId'>) {
    this.#node = node
    this.#taskId = taskId
  }

  enter(): void {
    this.#depth++
  }

  leave(): void {
    this.#depth--
  }

  /** `call` with the scope open around it. */
  around<A extends unknown[], R>(call: (...given: A) => R): (...given: A) => R {
    return (...given) => {
      this.#depth++
      try {
        return call(...given)
      } finally {
        this.#depth--
      }
    }
  }

  /** @throws MillraceError PROCESSOR_LATE where nothing of the processor runs */
  within(push: Push): Push {
    return (record) => {
      if (this.#depth === 0) throw this.#late()
      push(record)
    }
  }

  #late(): MillraceError {
    const problem = `Node ${this.#node} forwarded a record after its call had returned, in task ${this.#taskId}.`
    return new MillraceError('PROCESSOR_LATE', problem, { node: this.#node, taskId: this.#taskId })
  }
}
