/** A task: one sub-topology on one partition. Shown, stored and sent as Kafka Streams does, `0_3`; a value everywhere inside. */

class Id {
  readonly subTopology: number
  readonly partition: number
  /** `0_3`: what logs, errors, headers and folders say. */
  readonly text: string

  constructor(subTopology: number, partition: number, text: string) {
    this.subTopology = subTopology
    this.partition = partition
    this.text = text
    Object.freeze(this)
  }

  toString(): string {
    return this.text
  }

  toJSON(): string {
    return this.text
  }
}

/** There is one value for each task: ids are the same if they are one object, also as keys of a map. */
export type TaskId = Id

const ids = new Map<string, TaskId>()

export function taskIdOf(subTopology: number, partition: number): TaskId {
  const text = `${subTopology}_${partition}`
  const known = ids.get(text)
  if (known !== undefined) return known
  const id = new Id(subTopology, partition, text)
  ids.set(text, id)
  return id
}

/** For what comes from outside: names of folders, errors. Null: no task has that name. */
export function parseTaskId(text: string): TaskId | null {
  const known = ids.get(text)
  if (known !== undefined) return known
  const match = /^(0|[1-9]\d{0,9})_(0|[1-9]\d{0,9})$/.exec(text)
  return match === null ? null : taskIdOf(Number(match[1]), Number(match[2]))
}

export function byTaskId(a: TaskId, b: TaskId): number {
  return a.subTopology - b.subTopology || a.partition - b.partition
}
