/**
 * Goal: a project of somebody else compiles against the package, strictly, and its own declarations can name what it
 * exports. Method: pack, unpack beside `outside/`, and compile that under both ways of finding modules.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { userEnvironment } from '../user-environment.js'

const OUTSIDE = fileURLToPath(new URL('outside', import.meta.url))
const COMPILER = resolve('node_modules/typescript/lib/tsc.js')

/** What the package's declarations mention of others: its own dependency, and what the service's users install. */
const OTHERS = ['avsc', 'fastify', '@types', 'undici-types']

const STRICT = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  declaration: true,
  skipLibCheck: false,
  types: ['node'],
}

t.setTimeout(300_000)

t.test('a project outside compiles against the tarball', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-outside-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore', env: userEnvironment() })
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
    env: userEnvironment(),
  })
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }]
  const modules = join(folder, 'node_modules')
  mkdirSync(join(modules, 'millrace'), { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', join(modules, 'millrace'), '--strip-components=1'])
  for (const name of OTHERS) symlinkSync(resolve('node_modules', name), join(modules, name))
  cpSync(OUTSIDE, join(folder, 'src'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')

  for (const [name, how] of [
    ['nodenext', { module: 'nodenext' }],
    ['bundler', { module: 'esnext', moduleResolution: 'bundler' }],
  ] as const) {
    const outDir = join(folder, name)
    const config = join(folder, `tsconfig.${name}.json`)
    writeFileSync(
      config,
      JSON.stringify({ compilerOptions: { ...STRICT, ...how, outDir, rootDir: 'src' }, include: ['src'] }),
    )
    const { stdout } = spawnSync(process.execPath, [COMPILER, '-p', config], {
      encoding: 'utf8',
      env: userEnvironment(),
    })
    t.equal(stdout, '', name)
    const emitted = readdirSync(outDir).filter((file) => file.endsWith('.d.ts'))
    t.same(emitted.sort(), ['everything.d.ts', 'service.d.ts', 'testing.d.ts'], name)
    for (const file of emitted) {
      const imported = readFileSync(join(outDir, file), 'utf8').match(/(?<=import\("|from ['"])[^'"]+/g) ?? []
      const known = /^millrace(\/(testing|personalization))?$/
      t.same(
        imported.filter((specifier) => !known.test(specifier)),
        [],
        `${name}: ${file}`,
      )
    }
  }
})
