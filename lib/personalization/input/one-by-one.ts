/** Batches as single values. A generator would cost each value several turns of the microtask queue. */

const DONE = Object.freeze({ done: true, value: undefined })

class OneByOne<T> implements AsyncIterableIterator<T> {
  readonly #batches: AsyncIterator<readonly T[]>
  #batch: readonly T[] = []
  #place = 0
  #ended = false

  constructor(batches: AsyncIterator<readonly T[]>) {
    this.#batches = batches
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#place < this.#batch.length) return Promise.resolve({ done: false, value: this.#batch[this.#place++]! })
    return this.#fill()
  }

  async return(): Promise<IteratorResult<T>> {
    this.#ended = true
    this.#batch = []
    this.#place = 0
    await this.#batches.return?.()
    return DONE
  }

  async #fill(): Promise<IteratorResult<T>> {
    while (!this.#ended) {
      const { done, value } = await this.#batches.next()
      if (done) {
        this.#ended = true
        this.#batch = []
      } else this.#batch = value
      this.#place = 0
      if (this.#batch.length > 0) return { done: false, value: this.#batch[this.#place++]! }
    }
    return DONE
  }
}

/** The values of `batches`, in their order. Read it once; ask for one value after the other. */
export function oneByOne<T>(batches: AsyncIterable<readonly T[]>): AsyncIterableIterator<T> {
  return new OneByOne(batches[Symbol.asyncIterator]())
}
