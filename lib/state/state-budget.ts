/** Divides one process budget of memory and files over the engines that open. */
import { MillraceError } from '../errors.js'

export interface EngineShare {
  readonly memoryBytes: number
  readonly files: number
}

/** Below these a store works badly: two write buffers and a cache of 512 KiB; log, manifest and a few tables. */
export const LEAST_SHARE: EngineShare = { memoryBytes: 1.5 * 2 ** 20, files: 8 }

/** What the expected engines divide; the rest is for those nobody expected, who get the least share each. */
const EXPECTED_PART = 0.75

export class StateBudget {
  readonly #total: EngineShare
  readonly #expected: number
  #memoryLeft: number
  #filesLeft: number
  #open = 0

  constructor(total: EngineShare, expected: number) {
    this.#total = total
    this.#expected = Math.max(expected, 1)
    this.#memoryLeft = total.memoryBytes
    this.#filesLeft = total.files
  }

  /** @throws MillraceError STATE_BUDGET */
  take(taskId: string): EngineShare {
    const part = this.#open < this.#expected ? EXPECTED_PART / this.#expected : 0
    const share = {
      memoryBytes: Math.max(Math.floor(this.#total.memoryBytes * part), LEAST_SHARE.memoryBytes),
      files: Math.max(Math.floor(this.#total.files * part), LEAST_SHARE.files),
    }
    if (share.memoryBytes > this.#memoryLeft || share.files > this.#filesLeft) {
      const { memoryBytes, files } = this.#total
      throw new MillraceError(
        'STATE_BUDGET',
        `the state budget of ${memoryBytes} bytes and ${files} files has no room for task ${taskId} beside the ${this.#open} open`,
        { taskId },
      )
    }
    this.#memoryLeft -= share.memoryBytes
    this.#filesLeft -= share.files
    this.#open++
    return share
  }

  giveBack(share: EngineShare): void {
    this.#memoryLeft += share.memoryBytes
    this.#filesLeft += share.files
    this.#open--
  }
}
