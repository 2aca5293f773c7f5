/**
 * Goal: somebody who types what docs/getting-started.md says gets what it shows. Method: the page is followed from top to
 * bottom in an empty folder: files are written, commands run by a shell, and what a command prints must be the fence
 * behind it. The package is installed from its tarball. On Kafka where one can be had.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t from 'tap'
import { realKafka } from '../kafka/broker.js'
import { userEnvironment } from '../user-environment.js'

/** What the page names and a test has elsewhere. */
const PACKAGE = 'npm install millrace'
const BROKERS = 'BROKERS=localhost:9092'

interface Fence {
  readonly language: string
  /** Of the file it is. */
  readonly path: string
  readonly text: string
}

function fencesOf(page: string): Fence[] {
  return [...page.matchAll(/^```(\w*) ?(\S*)\n([\s\S]*?)^```$/gm)].map(([, language, path, text]) => ({
    language: language!,
    path: path!,
    text: text!,
  }))
}

function packed(folder: string): string {
  const env = userEnvironment()
  execFileSync('npm', ['run', '-s', 'build'], { stdio: 'ignore', env })
  const args = ['pack', '--json', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', env })) as [{ filename: string }]
  return join(folder, filename)
}

t.setTimeout(300_000)

t.test('followed from an empty folder', { timeout: 300_000 }, async (t) => {
  const fences = fencesOf(readFileSync('docs/getting-started.md', 'utf8'))
  const outside = mkdtempSync(join(tmpdir(), 'millrace-getting-started-'))
  t.teardown(() => rmSync(outside, { recursive: true, force: true }))
  const tarball = packed(outside)
  const kafka = await realKafka(t)
  let folder = outside
  let ran = 0
  let counts: readonly string[] = []
  for (const [i, { language, path, text }] of fences.entries()) {
    if (path !== '') {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    } else if (language === 'sh') {
      const onKafka = text.includes(BROKERS)
      if (onKafka && kafka === null) continue
      const commands = text
        .replace(PACKAGE, `npm install --no-audit --no-fund ${tarball}`)
        .replace(BROKERS, `BROKERS=${kafka?.bootstrap}`)
      const script = `set -e\n${commands}\npwd > ${join(outside, 'folder')}\n`
      const env = userEnvironment({ BROKERS: '' })
      // The test runner puts its own NODE_OPTIONS back into the environment of every child.
      const { status, stdout, stderr } = spawnSync('env', ['-u', 'NODE_OPTIONS', 'bash', '-c', script], {
        cwd: folder,
        encoding: 'utf8',
        env,
      })
      t.equal(status, 0, `${text}${stdout}${stderr}`.slice(-2_000))
      folder = readFileSync(join(outside, 'folder'), 'utf8').trim()
      const shown = fences[i + 1]
      if (shown?.language === '' && shown.path === '') {
        t.equal(stdout, shown.text, text)
        counts = shown.text.trim().split('\n')
      }
      // A broker that other tests use may have counted before.
      const wordsOf = (lines: readonly string[]) => lines.map((line) => line.split(' ')[0])
      if (onKafka) t.same(wordsOf(stdout.trim().split('\n')), wordsOf(counts), 'the same words on Kafka')
      ran++
    }
  }
  t.equal(ran, fences.filter(({ language }) => language === 'sh').length - (kafka === null ? 1 : 0), 'all were run')
  t.notOk(
    fences.some(({ language, path }) => path === '' && /^(ts|js|json)$/.test(language)),
    'every file has its name',
  )
})
