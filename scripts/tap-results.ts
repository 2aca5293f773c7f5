/** Turns a TAP stream into counts, skip reasons and printed failures. */

import { Parser, type Result } from 'tap-parser'

export interface Outcome {
  passed: number
  failed: number
  /** One entry per skipped test: what, and why. */
  readonly skipped: { readonly name: string; readonly reason: string }[]
}

export function noOutcome(): Outcome {
  return { passed: 0, failed: 0, skipped: [] }
}

export function add(total: Outcome, more: Outcome): void {
  total.passed += more.passed
  total.failed += more.failed
  total.skipped.push(...more.skipped)
}

/**
 * A parser that adds every assertion of the stream written to it to `outcome`, and hands each failure to `report` as
 * text. A test point that closes a subtest repeats what its assertions said, so it counts only where it fails alone:
 * a file that crashed, timed out or ended with an exit code.
 */
export function countTap(outcome: Outcome, report: (failure: string) => void): Parser {
  const root = new Parser()
  follow(root, '', outcome, report)
  return root
}

function follow(parser: Parser, path: string, outcome: Outcome, report: (failure: string) => void): void {
  const failedBefore = new Map<Parser, number>()
  let lastChild: Parser | undefined
  parser.on('child', (child: Parser) => {
    failedBefore.set(child, outcome.failed)
    lastChild = child
    follow(child, path === '' ? child.name : `${path} > ${child.name}`, outcome, report)
  })
  parser.on('assert', (result: Result) => {
    const closes = result.closingTestPoint ? lastChild : undefined
    lastChild = undefined
    const name = path === '' ? result.name : `${path} > ${result.name}`
    const reason = result.skip
    if (reason) {
      outcome.skipped.push({ name, reason: reason === true ? 'no reason given' : reason })
    } else if (closes !== undefined) {
      if (!result.ok && failedBefore.get(closes) === outcome.failed) fail(name, result)
    } else if (result.ok) {
      outcome.passed += 1
    } else {
      fail(name, result)
    }
  })
  const fail = (name: string, result: Result) => {
    outcome.failed += 1
    report(`FAILED ${name}\n${described(result.diag)}`)
  }
}

/** The part of a failure's diagnostics that helps: where, what differed, how it got there. */
function described(diag: unknown): string {
  if (typeof diag !== 'object' || diag === null) return ''
  const { at, diff, stack, found, wanted, exitCode, signal } = diag as Record<string, unknown>
  const lines: string[] = []
  if (typeof at === 'object' && at !== null && 'fileName' in at && 'lineNumber' in at) {
    lines.push(`at ${at.fileName}:${at.lineNumber}`)
  }
  if (typeof diff === 'string') lines.push(diff)
  else if (found !== undefined || wanted !== undefined) {
    lines.push(`found ${JSON.stringify(found)}`, `wanted ${JSON.stringify(wanted)}`)
  }
  if (typeof stack === 'string') lines.push(stack.split('\n').slice(0, 6).join('\n'))
  if (exitCode !== undefined || signal) lines.push(`exit code ${exitCode}, signal ${signal}`)
  return lines
    .join('\n')
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('')
}
