/**
 * Event-time timers that survive a restart, in a store with only get and put: subjects in numbered slots of time
 * buckets, and an index of the buckets in use.
 */
import type { KeyValueStore } from '../../index.js'

/** `bucket:count` pairs in order of bucket, comma-separated: a short text is cheaper to keep than an object. */
const DIRECTORY = 'timers'

export class TimerBuckets {
  readonly #store: KeyValueStore<string, string>
  readonly #bucketMs: number

  /** `store` may hold other keys; those that begin with `timer` are taken. A timer fires up to `bucketMs` after its time. */
  constructor(store: KeyValueStore<string, string>, bucketMs: number) {
    this.#store = store
    this.#bucketMs = bucketMs
  }

  /** `subject` will be among `due` once time has reached `dueMs`. One subject may wait several times. */
  add(dueMs: number, subject: string, nowMs: number): void {
    const bucket = Math.ceil(dueMs / this.#bucketMs)
    const directory = this.#directory()
    let place = directory.findIndex(([other]) => other >= bucket)
    if (place < 0) place = directory.length
    if (directory[place]?.[0] !== bucket) directory.splice(place, 0, [bucket, 0])
    const index = directory[place]![1]++
    this.#store.put(`timer/${bucket}/${index}`, subject, nowMs)
    this.#write(directory, nowMs)
  }

  /** True when some timer is due: one look at the directory's beginning. */
  isDue(nowMs: number): boolean {
    const text = this.#store.get(DIRECTORY)?.value
    return text !== undefined && Number.parseInt(text, 10) * this.#bucketMs <= nowMs
  }

  /** Takes out what is due at `nowMs` (Infinity: everything), earliest bucket first. Writes are stamped `stampMs`. */
  due(nowMs: number, stampMs: number = nowMs): string[] {
    if (!this.isDue(nowMs)) return []
    const directory = this.#directory()
    const subjects: string[] = []
    let buckets = 0
    while (buckets < directory.length && directory[buckets]![0] * this.#bucketMs <= nowMs) {
      const [bucket, count] = directory[buckets++]!
      for (let index = 0; index < count; index++) {
        const key = `timer/${bucket}/${index}`
        subjects.push(this.#store.get(key)!.value)
        this.#store.put(key, null, stampMs)
      }
    }
    this.#write(directory.slice(buckets), stampMs)
    return subjects
  }

  #directory(): [bucket: number, count: number][] {
    const text = this.#store.get(DIRECTORY)?.value
    if (text === undefined) return []
    return text.split(',').map((pair) => {
      const colon = pair.indexOf(':')
      return [Number(pair.slice(0, colon)), Number(pair.slice(colon + 1))]
    })
  }

  #write(directory: readonly (readonly [number, number])[], stampMs: number): void {
    const text = directory.map(([bucket, count]) => `${bucket}:${count}`).join(',')
    this.#store.put(DIRECTORY, text === '' ? null : text, stampMs)
  }
}
