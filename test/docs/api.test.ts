/**
 * Goal: everything that the package exports is described where it is declared. Method: the API reference is built as
 * `npm run api` builds it, which fails for a broken link and for an exported name, method or property without a docstring;
 * and it must notice both.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { userEnvironment } from '../user-environment.js'

t.setTimeout(240_000)

const folder = mkdtempSync(join(tmpdir(), 'millrace-api-'))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function build(...args: readonly string[]) {
  return spawnSync(process.execPath, ['scripts/api/main.mjs', ...args], { encoding: 'utf8', env: userEnvironment() })
}

t.test('the API reference is complete', async (t) => {
  const out = join(folder, 'api')
  const { status, stdout, stderr } = build(out)
  t.equal(stdout.trim().split('\n').at(-1), '0 warnings, 0 errors', `${stdout}${stderr}`.slice(0, 3_000))
  t.equal(status, 0)
  for (const page of ['classes/index.Streams', 'classes/testing.TopologyTestDriver', 'functions/index.tumbling']) {
    t.ok(existsSync(join(out, `${page}.html`)), page)
  }
})

t.test('a broken link and a missing docstring are noticed', async (t) => {
  // Inside this folder, where the compiler finds its types.
  const sources = join('dist', 'api-test', String(process.pid))
  mkdirSync(sources, { recursive: true })
  t.teardown(() => rmSync(sources, { recursive: true, force: true }))
  writeFileSync(join(sources, 'tsconfig.json'), '{ "extends": "../../../tsconfig.json", "include": ["*.ts"] }\n')
  const file = join(sources, 'entry.ts')
  writeFileSync(
    file,
    `/** See {@link nowhere}. */
export interface Options {
  readonly bare: string
  readonly topic: string
  /** Described. */
  readonly described: { readonly inPlace: string }
}
export function naked(): void {}
`,
  )
  const { status, stdout, stderr } = build(join(folder, 'wrong'), file)
  t.equal(status, 1)
  const said = `${stdout}${stderr}`
  t.match(said, /Failed to resolve link to "nowhere"/)
  t.match(said, /Options\.bare has no docstring/)
  t.match(said, /naked has no docstring/)
  t.notMatch(said, /Options\.(topic|described)|inPlace/)
  t.match(said, /^3 warnings, 0 errors$/m)
})
