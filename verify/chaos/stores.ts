/** Compares the stores of all instances with their changelogs and the recomputation. */
import { type Cluster, readTopic } from '../../lib/index.js'
import type { Instance } from './instance.js'
import { TOTALS_STORE, WINDOWS_STORE } from './names.js'
import type { Expected } from './recompute.js'

/** A windowed key on a topic ends with its start (8 bytes) and a sequence number (4 bytes). */
const START_BYTES = 8
const SEQUENCE_BYTES = 4
const SHOWN = 3

type Rows = ReadonlyMap<string, string>

/** One line for each difference. */
export async function storeFindings(
  cluster: Cluster,
  applicationId: string,
  instances: readonly Instance[],
  expected: Expected,
): Promise<string[]> {
  const wrong: string[] = []
  const totals = new Map<string, string>()
  const windows = new Map<string, string>()
  for (const instance of instances) {
    const dump = await instance.dump()
    for (const [rows, into] of [
      [dump.totals, totals],
      [dump.windows, windows],
    ] as const) {
      for (const [key, value] of rows) {
        if (into.has(key)) wrong.push(`${key} is in the stores of two instances, one of them ${instance.name}`)
        into.set(key, value)
      }
    }
  }
  const changelog = (store: string) => `${applicationId}-${store}-changelog`
  const totalsLog = await latestRows(cluster, changelog(TOTALS_STORE), (key) => String(key))
  const windowsLog = await latestRows(cluster, changelog(WINDOWS_STORE), windowName)
  wrong.push(...differences('store totals and recomputation', totals, expected.totals))
  wrong.push(...differences('changelog of totals and recomputation', totalsLog, expected.totals))
  // A window that is closed may be removed at any time; one that is open is there.
  const open = (rows: Rows) => new Map([...rows].filter(([name]) => expected.openWindows.has(name)))
  const same = (rows: Rows) => new Map([...rows.keys()].map((name) => [name, expected.windows.get(name) ?? 'nothing']))
  wrong.push(...differences('store windows and recomputation', windows, same(windows)))
  wrong.push(...differences('open store windows and recomputation', open(windows), open(expected.windows)))
  wrong.push(...differences('changelog of windows and recomputation', windowsLog, same(windowsLog)))
  wrong.push(...differences('open changelog windows and recomputation', open(windowsLog), open(expected.windows)))
  return wrong
}

async function latestRows(cluster: Cluster, topic: string, nameOf: (key: Buffer) => string): Promise<Rows> {
  const rows = new Map<string, string>()
  for await (const { records } of readTopic({ cluster, topic, until: 'now' })) {
    for (const { key, value } of records) {
      if (value === null) rows.delete(nameOf(key!))
      else rows.set(nameOf(key!), String(value))
    }
  }
  return rows
}

function windowName(key: Buffer): string {
  const end = key.length - START_BYTES - SEQUENCE_BYTES
  return `${key.subarray(0, end)}@${key.readBigInt64BE(end)}`
}

function differences(what: string, found: Rows, expected: Rows): string[] {
  const names = [...new Set([...found.keys(), ...expected.keys()])]
  const different = names.filter((name) => found.get(name) !== expected.get(name))
  if (different.length === 0) return []
  const shown = different
    .slice(0, SHOWN)
    .map((name) => `${name} is ${found.get(name) ?? 'missing'}, not ${expected.get(name) ?? 'there'}`)
  return [`${what} differ in ${different.length} rows (${shown.join('; ')})`]
}
