/** Properties of an event as a client has made them: fields take what they need, the rest becomes `properties` of the activity. */
import { MAX_PROPERTIES_BYTES } from './activity.js'
import { InputProblem, type JsonObject } from './loose-values.js'

/** Room for the note about what was left out. */
const NOTE_BYTES = 24

export class LooseProperties {
  readonly #values: JsonObject
  readonly #taken = new Set<string>()

  constructor(values: JsonObject) {
    this.#values = values
  }

  /** The first of `names` with a value, read by `read`. It is not part of the rest then. */
  take<T>(names: readonly string[], read: (value: unknown, name: string) => T | null): T | null {
    for (const name of names) {
      if (!Object.hasOwn(this.#values, name)) continue
      const value = read(this.#values[name], name)
      if (value === null) continue
      this.#taken.add(name)
      return value
    }
    return null
  }

  /** Leaves `name` out of the rest. */
  omit(name: string): void {
    this.#taken.add(name)
  }

  /** What no field has taken, by name. */
  rest(): readonly (readonly [string, unknown])[] {
    return Object.entries(this.#values).filter(([name]) => !this.#taken.has(name))
  }
}

/**
 * A JSON object of `entries`, null if there are none; of two with one name the later. What does not fit into 2 KB is left
 * out, property by property, and `$omitted` says how many. @throws InputProblem
 */
export function propertiesText(entries: readonly (readonly [string, unknown])[]): string | null {
  const parts: string[] = []
  let [bytes, omitted] = [NOTE_BYTES, 0]
  for (const [name, value] of new Map(entries)) {
    const part = `${JSON.stringify(name)}:${jsonText(value)}`
    const size = Buffer.byteLength(part) + 1
    if (bytes + size > MAX_PROPERTIES_BYTES) omitted++
    else {
      parts.push(part)
      bytes += size
    }
  }
  if (omitted > 0) parts.push(`"$omitted":${omitted}`)
  return parts.length === 0 ? null : `{${parts.join(',')}}`
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // JSON is written recursively, but read without a limit.
    throw new InputProblem('properties are nested too deeply')
  }
}
