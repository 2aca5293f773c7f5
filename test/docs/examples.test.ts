/**
 * Goal: what the documentation shows works, and where it points is something. Method: every example (a `ts` or `js`
 * fence under docs/) is written to a file of its own, compiled against the package's own types, and run; what it prints
 * must be the fence behind it, letter by letter. Links are followed in the work tree.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format } from 'node:util'
import t from 'tap'

/** Of this run alone. Below dist, so that `millrace` is this package. */
const FOLDER = join('dist', 'docs-examples', String(process.pid))
/** One page for each family of operators. */
const FAMILIES = [
  'streams',
  'aggregations',
  'windows',
  'suppress',
  'cogroup',
  'tables',
  'table-joins',
  'stream-joins',
  'stream-table-joins',
  'versioned-tables',
  'processors',
  'async',
  'time',
  'failures',
  'queries',
  'testing',
]
  .map((name) => `docs/operators/${name}.md`)
  .concat('docs/names-and-upgrades.md')

interface Page {
  readonly path: string
  readonly text: string
}

interface Example {
  readonly name: string
  readonly file: string
  readonly code: string
  /** Null: no fence follows. */
  readonly prints: string | null
}

function pagesUnder(folder: string): Page[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return pagesUnder(path)
    return path.endsWith('.md') ? [{ path, text: readFileSync(path, 'utf8') }] : []
  })
}

function examplesOf({ path, text }: Page): Example[] {
  const found = [...text.matchAll(/^```(?:ts|js)\n([\s\S]*?)^```\n(?:\n^```\n([\s\S]*?)^```$)?/gm)]
  return found.map(([, code, prints], i) => {
    const name = `${relative('docs', path).replaceAll('/', '-').replace(/\.md$/, '')}-${i + 1}`
    return { name, file: join(FOLDER, `${name}.ts`), code: code!, prints: prints ?? null }
  })
}

t.setTimeout(300_000)

const pages = pagesUnder('docs')
const examples = pages.flatMap(examplesOf)

t.test('every family of operators has a page with an example', async (t) => {
  for (const path of FAMILIES) {
    const page = pages.find((each) => each.path === path)
    t.ok(page !== undefined && examplesOf(page).length > 0, path)
  }
})

t.test('every example compiles and prints what the page says', { timeout: 240_000 }, async (t) => {
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore' })
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  t.teardown(() => rmSync(FOLDER, { recursive: true, force: true }))
  for (const { file, code } of examples) writeFileSync(file, code)
  writeFileSync(join(FOLDER, 'tsconfig.json'), '{ "extends": "../../../tsconfig.json", "include": ["*.ts"] }\n')
  const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'lib', 'tsc.js')
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', FOLDER], { encoding: 'utf8' })
  t.equal(status, 0, stdout)

  for (const { name, file, code, prints } of examples) {
    t.match(code, /console\.log/, `${name} prints something`)
    const others = [...code.matchAll(/ from '([^']+)'/g)].filter(
      ([, from]) => !/^(millrace(\/(testing|personalization))?|node:\w+)$/.test(from!),
    )
    t.same(others, [], `${name} imports nothing but millrace and Node`)
    const log = t.capture(console, 'log')
    try {
      await import(pathToFileURL(file).href)
    } finally {
      log.restore()
    }
    const printed = log.args().map((line) => `${format(...(line as unknown[]))}\n`)
    t.equal(printed.join(''), prints, name)
  }
})

/** The anchor of a heading, as GitHub makes it. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\- ]/gu, '')
    .replaceAll(' ', '-')
}

function anchorsOf(path: string): string[] {
  return [...readFileSync(path, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchor(heading!))
}

t.test('every relative link leads somewhere', async (t) => {
  let links = 0
  for (const { path, text } of [{ path: 'README.md', text: readFileSync('README.md', 'utf8') }, ...pages]) {
    const prose = text.replaceAll(/^```[\s\S]*?^```$/gm, '')
    for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue
      links++
      const [file, fragment] = link!.split('#')
      const target = file === '' ? path : join(dirname(path), file!)
      t.ok(existsSync(target), `${path}: ${link}`)
      if (fragment !== undefined) t.ok(anchorsOf(target).includes(fragment), `${path}: ${link}`)
    }
  }
  t.ok(links > 20, 'links were found')
})

t.test('the README leads to docs/README.md, and that to every page', async (t) => {
  const linked = (path: string) =>
    [...readFileSync(path, 'utf8').matchAll(/\]\(([^)#\s]+)/g)].map(([, link]) => join(dirname(path), link!))
  t.ok(linked('README.md').includes(join('docs', 'README.md')))
  const index = new Set(linked(join('docs', 'README.md')))
  const ofIndex = pages.filter(({ path }) => path !== join('docs', 'README.md') && !path.includes('decisions'))
  for (const { path } of ofIndex) t.ok(index.has(path), path)
})
