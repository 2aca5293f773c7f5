/** Each operator, store, engine and decision has its test where its name says. */
import { existsSync, readFileSync } from 'node:fs'
import t from 'tap'
import { type SourceFile, sourceFile, sourceFiles, target } from './source-files.js'

const OPERATORS = 'lib/operators/index.ts'

const built = new Set(
  sourceFile(OPERATORS, readFileSync(OPERATORS, 'utf8'))
    .imports.filter(({ typeOnly }) => !typeOnly)
    .map(({ specifier }) => target(OPERATORS, specifier)),
)

const MEMBERSHIP = /^lib\/runtime\/membership\/(assign|assignor|membership|ownership|subscription-data)\.ts$/

const FAMILIES: Readonly<Record<string, (file: SourceFile) => boolean>> = {
  operators: ({ path }) => built.has(path),
  stores: ({ path, code }) => path.startsWith('lib/state/stores/') && /\bclass Local\w+/.test(code),
  engines: ({ path }) => /^lib\/state\/(engine\/)?[^/]+-engine\.ts$/.test(path),
  decisions: ({ path }) => path.endsWith('-decision.ts') || MEMBERSHIP.test(path),
}

/** Least number of members: a rule that finds nothing holds nothing. */
const MINIMUMS: Readonly<Record<string, number>> = { operators: 36, stores: 12, engines: 3, decisions: 8 }

const lib = sourceFiles('lib')

function testOf(path: string): string {
  return path.replace(/^lib/, 'test').replace(/\.ts$/, '.test.ts')
}

for (const [family, isMember] of Object.entries(FAMILIES)) {
  t.test(family, async (t) => {
    const members = lib.filter(isMember)
    t.ok(members.length >= MINIMUMS[family]!, `${members.length} found`)
    t.same(
      members.map(({ path }) => testOf(path)).filter((path) => !existsSync(path)),
      [],
    )
    for (const { path } of members.filter((member) => existsSync(testOf(member.path)))) {
      const text = readFileSync(testOf(path), 'utf8')
      t.match(text, /\bt\.test\(|\b(operatorCases|randomLives|engineCases|nativeCases)\b/, `${testOf(path)} tests`)
    }
  })
}

t.test('the rule sees what it should', async (t) => {
  t.equal(testOf('lib/operators/foreign-key/join-foreign.ts'), 'test/operators/foreign-key/join-foreign.test.ts')
  t.ok(FAMILIES.stores!(sourceFile('lib/state/stores/x-store.ts', 'export class LocalXStore {}')))
  t.notOk(FAMILIES.stores!(sourceFile('lib/state/stores/parts.ts', 'export abstract class PartsStore {}')))
  t.ok(FAMILIES.decisions!(sourceFile('lib/a/b-decision.ts', '')))
})
