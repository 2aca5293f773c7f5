/** Compares the outputs with the expected ones: lost, repeated and reordered records. */
import { type Cluster, int64, readTopic } from '../../lib/index.js'
import type { ChaosTopics } from './names.js'
import type { Expected } from './recompute.js'

export interface OutputFindings {
  lost: number
  doubled: number
  /** One line for each kind of fault found. */
  readonly wrong: string[]
}

const SHOWN = 3

/** `closed`: every window has been closed, so every result must be there. */
export async function outputFindings(
  cluster: Cluster,
  topics: ChaosTopics,
  expected: Expected,
): Promise<OutputFindings> {
  const findings: OutputFindings = { lost: 0, doubled: 0, wrong: [] }
  await checkEcho(cluster, topics.echo, expected, findings)
  await checkTotals(cluster, topics.totals, expected, findings)
  const windows = new Set(
    [...expected.windows].filter(([key]) => !expected.openWindows.has(key)).map((row) => row.join('=')),
  )
  await checkOnce(cluster, topics.windows, windows, findings, (key, value) => `${key}=${value}`)
  await checkOnce(cluster, topics.pairs, expected.pairs, findings, (_key, value) => value)
  return findings
}

/** Every event once, in order within its key. */
async function checkEcho(cluster: Cluster, topic: string, expected: Expected, findings: OutputFindings): Promise<void> {
  const latest = new Map<string, number>()
  const seen = new Set<number>()
  let [records, disordered] = [0, 0]
  for await (const chunk of readTopic({ cluster, topic, until: 'now' })) {
    for (const { key, value } of chunk.records) {
      const [name, n] = [String(key), int64.deserialize(value!, '')]
      if (n < (latest.get(name) ?? -1) && !seen.has(n)) disordered++
      latest.set(name, Math.max(n, latest.get(name) ?? -1))
      seen.add(n)
      records++
    }
  }
  const doubled = records - seen.size - expected.doubledInput
  add(findings, topic, expected.events - expected.doubledInput - seen.size, doubled, [])
  if (disordered > 0) findings.wrong.push(`${topic}: ${disordered} records before an earlier one of their key`)
}

/** The counts of a group are 1, 2, 3, ... and its last row is the recomputed one. */
async function checkTotals(
  cluster: Cluster,
  topic: string,
  expected: Expected,
  findings: OutputFindings,
): Promise<void> {
  const rows = new Map<string, string>()
  let [lost, doubled] = [0, 0]
  for await (const { records } of readTopic({ cluster, topic, until: 'now' })) {
    for (const { key, value } of records) {
      const name = String(key)
      const step = countOf(String(value)) - countOf(rows.get(name) ?? '0,0')
      if (step > 1) lost += step - 1
      if (step < 1) doubled += 1 - step
      rows.set(name, String(value))
    }
  }
  const others: string[] = []
  for (const [group, row] of expected.totals) {
    const found = rows.get(group) ?? '0,0'
    const missing = countOf(row) - countOf(found)
    if (missing > 0) lost += missing
    if (missing < 0) doubled -= missing
    if (missing === 0 && found !== row) others.push(`${group} is ${found}, not ${row}`)
  }
  add(findings, topic, lost, doubled, others)
}

async function checkOnce(
  cluster: Cluster,
  topic: string,
  expected: ReadonlySet<string>,
  findings: OutputFindings,
  nameOf: (key: string, value: string) => string,
): Promise<void> {
  const counts = new Map<string, number>()
  for await (const { records } of readTopic({ cluster, topic, until: 'now' })) {
    for (const { key, value } of records) {
      const name = nameOf(String(key), String(value))
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
  }
  const lost = [...expected].filter((name) => !counts.has(name))
  const foreign = [...counts.keys()].filter((name) => !expected.has(name))
  const doubled = [...counts].filter(([name, count]) => count > 1 && expected.has(name))
  const examples = [
    ...lost.slice(0, SHOWN).map((name) => `missing ${name}`),
    ...foreign.slice(0, SHOWN).map((name) => `not expected ${name}`),
    ...doubled.slice(0, SHOWN).map(([name]) => `twice ${name}`),
  ]
  add(findings, topic, lost.length, doubled.length + foreign.length, examples)
}

function add(
  findings: OutputFindings,
  topic: string,
  lost: number,
  doubled: number,
  examples: readonly string[],
): void {
  findings.lost += Math.max(0, lost)
  findings.doubled += Math.max(0, doubled)
  if (lost <= 0 && doubled <= 0 && examples.length === 0) return
  const shown = examples.length === 0 ? '' : ` (${examples.slice(0, 2 * SHOWN).join('; ')})`
  findings.wrong.push(`${topic}: ${lost} lost, ${doubled} doubled${shown}`)
}

function countOf(row: string): number {
  return Number(row.split(',')[0])
}
