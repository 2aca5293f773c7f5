/** Counts what waits up to a limit; whoever would add more can wait until there is less. */
export class Gate {
  readonly #limit: number
  #count = 0
  #isOpen = false
  #opening: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null

  constructor(limit: number) {
    this.#limit = limit
  }

  get count(): number {
    return this.#count
  }

  /** More has come to wait, or (negative) waits no more. */
  add(count: number): void {
    this.#count += count
    if (this.#opening !== null && this.#count < this.#limit) this.#tell()
  }

  /** From now on nobody waits. */
  open(): void {
    this.#isOpen = true
    this.#tell()
  }

  /** Null: there is room. Otherwise resolves when there may be. */
  room(): Promise<void> | null {
    if (this.#count < this.#limit || this.#isOpen) return null
    if (this.#opening === null) {
      let resolve = () => {}
      const promise = new Promise<void>((done) => {
        resolve = done
      })
      this.#opening = { promise, resolve }
    }
    return this.#opening.promise
  }

  #tell(): void {
    this.#opening?.resolve()
    this.#opening = null
  }
}
