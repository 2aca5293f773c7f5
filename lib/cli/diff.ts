/**
 * `millrace diff OLD NEW`: the state that a new version of a topology loses or changes, from the output of
 * `describe(topology, 'json')`.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { MillraceError } from '../errors.js'
import type { TopologyDescription } from '../topology/description.js'
import { diffTopologies } from '../topology/diff.js'

async function readDescription(file: string): Promise<TopologyDescription> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `The file ${file} cannot be read: use another file.`, { cause })
  }
  let found: Partial<TopologyDescription> | null
  try {
    found = JSON.parse(text) as Partial<TopologyDescription> | null
  } catch (cause) {
    throw new MillraceError('CONFIG_INVALID', `The file ${file} is not valid JSON.`, { cause })
  }
  if (found?.format !== 'millrace-topology' || found.version !== 1) {
    throw new MillraceError('CONFIG_INVALID', `The file ${file} was not written by describe(topology, 'json').`)
  }
  return found as TopologyDescription
}

/** Prints one line per change and returns the exit code: 1 where state would be lost. */
export async function diff(args: readonly string[]): Promise<number> {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  })
  const [before, after] = positionals
  if (before === undefined || after === undefined || positionals.length > 2) {
    throw new MillraceError('CONFIG_INVALID', 'Give two files: millrace diff OLD.json NEW.json [--json]')
  }
  const changes = diffTopologies(await readDescription(before), await readDescription(after))
  const losing = changes.filter(({ loses }) => loses).length
  if (values.json) process.stdout.write(`${JSON.stringify(changes, null, 2)}\n`)
  else {
    for (const { kind, what, name, loses, message } of changes) {
      process.stdout.write(`${loses ? 'LOST' : 'ok  '} ${kind} ${what} ${name}: ${message}\n`)
    }
    process.stdout.write(`${changes.length} changes, ${losing} that lose state\n`)
  }
  return losing === 0 ? 0 : 1
}
