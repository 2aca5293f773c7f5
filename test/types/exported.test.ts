/**
 * Goal: whoever writes `declaration: true` can name what the package gives out. Method: over the built `.d.ts`, every type
 * that the signature of an export mentions is exported by the same entry, or by `millrace` where the export itself is.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import t from 'tap'
import { ModifierFlags, type Node, SyntaxKind } from 'typescript/unstable/ast'
import {
  isExpressionWithTypeArguments,
  isIndexedAccessTypeNode,
  isTypeOperatorNode,
  isTypeQueryNode,
  isTypeReferenceNode,
} from 'typescript/unstable/ast/is'
import { API, type Symbol as NamedSymbol, type Project, SymbolFlags } from 'typescript/unstable/sync'
import { userEnvironment } from '../user-environment.js'

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
  exports: Record<string, string | { readonly types: string }>
}
const ENTRIES = Object.entries(manifest.exports).flatMap(([name, entry]) =>
  typeof entry === 'string' ? [] : [{ name, path: resolve(entry.types) }],
)

t.setTimeout(240_000)

let project: Project
const folder = mkdtempSync(join(tmpdir(), 'millrace-exported-'))
const api = new API({ cwd: process.cwd() })
t.teardown(() => {
  api.close()
  rmSync(folder, { recursive: true, force: true })
})

t.before(() => {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore', env: userEnvironment() })
  const config = join(folder, 'tsconfig.json')
  const compilerOptions = {
    module: 'nodenext',
    lib: ['ES2023'],
    types: ['node'],
    typeRoots: [resolve('node_modules/@types')],
  }
  writeFileSync(config, JSON.stringify({ compilerOptions, files: ENTRIES.map(({ path }) => path) }))
  const snapshot = api.updateSnapshot({ openProjects: [config] })
  project = snapshot.getProject(config)!
})

function original(symbol: NamedSymbol): NamedSymbol {
  return (symbol.flags & SymbolFlags.Alias) === 0 ? symbol : project.checker.getAliasedSymbol(symbol)
}

function exportsOf(path: string): readonly NamedSymbol[] {
  const file = project.program.getSourceFile(path)!
  return project.checker.getExportsOfModule(project.checker.getSymbolAtLocation(file)!)
}

/** The name by which a part of a signature refers to a declaration elsewhere. */
function reference(node: Node): Node | null {
  if (isTypeReferenceNode(node)) return node.typeName
  if (isExpressionWithTypeArguments(node)) return node.expression
  if (isTypeQueryNode(node)) return node.exprName
  return null
}

/** Names of fields and of their values: the compiler writes them out. */
function isWrittenOut(node: Node): boolean {
  return isIndexedAccessTypeNode(node) || (isTypeOperatorNode(node) && node.operator === SyntaxKind.KeyOfKeyword)
}

function isPrivate(node: Node): boolean {
  const { modifierFlags = 0 } = node as { readonly modifierFlags?: number }
  return (modifierFlags & ModifierFlags.Private) !== 0
}

/** Declared by this package, at the top level of a file. */
function isOwn(symbol: NamedSymbol): boolean {
  const declared = symbol.declarations[0]
  const namedThere = (symbol.flags & SymbolFlags.TypeParameter) === 0
  return declared !== undefined && namedThere && declared.path.includes('/dist/lib/')
}

function mentioned(symbol: NamedSymbol): Map<number, string> {
  const found = new Map<number, string>()
  const visit = (node: Node): void => {
    if (isPrivate(node) || isWrittenOut(node)) return
    const name = reference(node)
    const of = name === null ? undefined : project.checker.getSymbolAtLocation(name)
    const target = of === undefined ? null : original(of)
    if (target !== null && isOwn(target)) found.set(target.id, target.name)
    node.forEachChild((child) => {
      visit(child)
    })
  }
  for (const declared of symbol.declarations) visit(declared.resolve(project)!)
  return found
}

t.test('every type of a signature is exported', async (t) => {
  const main = new Set(exportsOf(ENTRIES[0]!.path).map((symbol) => original(symbol).id))
  for (const { name, path } of ENTRIES) {
    const symbols = exportsOf(path)
    const here = new Set(symbols.map((symbol) => original(symbol).id))
    const missing: string[] = []
    for (const symbol of symbols) {
      const target = original(symbol)
      if (name !== '.' && main.has(target.id)) continue
      for (const [id, type] of mentioned(target))
        if (!here.has(id)) missing.push(`${type}, which ${symbol.name} mentions`)
    }
    t.same(missing, [], `millrace${name.slice(1)}`)
    t.ok(symbols.length > (name === './sdk' ? 5 : 20), `${symbols.length} exports were looked at`)
  }
})

t.test('a name has one meaning in all entries', async (t) => {
  const meaning = new Map<string, number>()
  const twice: string[] = []
  for (const { name, path } of ENTRIES) {
    for (const symbol of exportsOf(path)) {
      const { id } = original(symbol)
      if ((meaning.get(symbol.name) ?? id) !== id) twice.push(`${symbol.name} of millrace${name.slice(1)}`)
      meaning.set(symbol.name, id)
    }
  }
  t.same(twice, [])
})

t.test('no export shows what is internal', async (t) => {
  const shown: string[] = []
  for (const { path } of ENTRIES) {
    for (const symbol of exportsOf(path)) {
      // A connection's `handle` is a verb: it takes a request.
      const internal = symbol.name.endsWith('Connection') ? /^core$/ : /^(handle|core)$/
      const names = [...original(symbol).getMembers().keys()].map(String)
      shown.push(...names.filter((name) => internal.test(name)).map((name) => `${symbol.name}.${name}`))
    }
  }
  t.same(shown, [])
})
