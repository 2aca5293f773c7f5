// `npm run api [-- FOLDER [ENTRY]]`: writes the API reference to FOLDER, dist/api by default, from the docstrings of
// everything the package exports, or of ENTRY, which has a tsconfig.json beside it.
//
// Fails if a link leads nowhere, or if an exported name, a method, or a property whose name does not say what it is has no
// docstring.

import { existsSync, readFileSync } from 'node:fs'
import { register } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

register('./resolve-typescript.mjs', import.meta.url)
const { Application, ReflectionKind } = await import('typedoc')

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Properties whose name says all there is to say: see "Words" in the README. */
const PLAIN_NAMES = new Set([
  ...[
    'topic',
    'partition',
    'offset',
    'key',
    'value',
    'headers',
    'timestamp',
    'startMs',
    'endMs',
    'name',
    'node',
    'store',
  ],
  ...['taskId', 'clock', 'random', 'log', 'cluster', 'kind', 'host', 'port', 'parents', 'signal'],
  ...['sizeMs', 'advanceMs', 'gapMs', 'graceMs'],
])
const DOCUMENTED =
  ReflectionKind.TypeAlias |
  ReflectionKind.ClassOrInterface |
  ReflectionKind.Variable |
  ReflectionKind.CallSignature |
  ReflectionKind.GetSignature |
  ReflectionKind.Property

/** The sources of what package.json exports. */
function entryPoints() {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return (
    Object.values(exports)
      .filter((entry) => entry.types !== undefined)
      .map(({ types }) => join(root, types.replace(/^\.\/dist\//, '')))
      // What is written in JavaScript has its types beside it.
      .map((types) => (existsSync(types) ? types : types.replace(/\.d\.ts$/, '.ts')))
  )
}

/** What is written out in place, such as the object a function takes, is described where it is written. */
function isInPlace(reflection) {
  for (let parent = reflection.parent; parent !== undefined; parent = parent.parent) {
    if (parent.kindOf(ReflectionKind.TypeLiteral)) return true
  }
  return reflection.kindOf(ReflectionKind.TypeLiteral)
}

function undocumented(project) {
  return Object.values(project.reflections).filter((reflection) => {
    if (!reflection.kindOf(DOCUMENTED) || reflection.hasComment() || isInPlace(reflection)) return false
    // `[Symbol.asyncDispose]`: as `close`.
    if (reflection.name.startsWith('[')) return false
    return !(reflection.kindOf(ReflectionKind.Property) && PLAIN_NAMES.has(reflection.name))
  })
}

const [out = join(root, 'dist', 'api'), entry] = process.argv.slice(2)
const app = await Application.bootstrap({
  entryPoints: entry === undefined ? entryPoints() : [entry],
  tsconfig: join(entry === undefined ? root : dirname(entry), 'tsconfig.json'),
  out,
  name: 'Millrace',
  readme: 'none',
  // `npm test` checks types.
  skipErrorChecking: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  disableSources: true,
  hideGenerator: true,
  validation: { invalidLink: true, invalidPath: true, notExported: false, notDocumented: false },
  logLevel: 'Warn',
})
const project = await app.convert()
if (project !== undefined) {
  app.validate(project)
  for (const reflection of undocumented(project)) app.logger.warn(`${reflection.getFullName()} has no docstring`)
  await app.generateOutputs(project)
}
const { warningCount, errorCount } = app.logger
process.stdout.write(`${warningCount} warnings, ${errorCount} errors\n`)
if (project === undefined || warningCount + errorCount > 0) process.exitCode = 1
