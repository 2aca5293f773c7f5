/** Goal: the pages name files that exist. Method: each path in backticks is looked up from the root of the repository. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { filesUnder } from '../source-files.js'

/** Files of the reader, not of this repository. */
const THEIRS: Readonly<Record<string, RegExp>> = { 'docs/getting-started.md': /^src\// }

/** `test/broker/versions.test.ts`, `lib/topology/*-nodes.ts`, `lib/state/engine/leveldb/`. */
const PATH = /`([\w.*-]+(?:\/[\w.*-]+)*(?:\.(?:ts|mjs)|\/))`/g

function exists(path: string): boolean {
  const at = path.lastIndexOf('/')
  const [folder, name] = [path.slice(0, Math.max(at, 0)) || '.', path.slice(at + 1)]
  if (!name.includes('*')) return existsSync(path)
  if (!existsSync(folder)) return false
  const pattern = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
  return readdirSync(folder).some((file) => pattern.test(file))
}

t.test('pages name files that exist, from the root', async (t) => {
  let found = 0
  for (const page of ['README.md', 'CONTRIBUTING.md', ...filesUnder('docs', '.md')]) {
    const prose = readFileSync(page, 'utf8').replaceAll(/^```[\s\S]*?^```$/gm, '')
    const paths = [...prose.matchAll(PATH)].map(([, path]) => path!).filter((path) => !THEIRS[page]?.test(path))
    const missing = paths.filter((path) => !exists(path) && !path.startsWith('.') && !path.startsWith('dist/'))
    t.same(missing, [], page)
    found += paths.length
  }
  t.ok(found > 60, `${found} paths found`)
})

t.test('the check sees what it should', async (t) => {
  t.ok(exists('lib/state/engine/*-engine.ts'))
  t.notOk(exists('lib/state/engine/*-motor.ts'))
  t.notOk(exists('lib/nowhere/'))
})
