/** Goal: each command explains itself. Method: `--help` of each runs, names the command, and names every option of its source. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import t from 'tap'

const { scripts, bin } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
  readonly bin: Readonly<Record<string, string>>
}
const compiled = JSON.parse(readFileSync('scripts/commands.json', 'utf8')) as Readonly<Record<string, string>>

/** Command → the file that runs it. */
const commands = new Map<string, string>([
  ...Object.entries(bin).map(([name, path]) => [name, path.replace('./dist/', '').replace('.js', '.ts')] as const),
  ...Object.entries(compiled).map(([name, path]) => [`npm ${name === 'start' ? '' : 'run '}${name}`, path] as const),
  ...Object.entries(scripts).flatMap(([name, line]) => {
    const path = /^node --import=tsx (verify\/\S+\/main\.ts)$/.exec(line)?.[1]
    return path === undefined ? [] : [[`npm run ${name}`, path] as const]
  }),
])

/** Options of a source are in other files for these. */
const OPTIONS_IN: Readonly<Record<string, string>> = {
  'lib/cli/millrace.ts': 'lib/cli/diff.ts',
  'lib/personalization/cli/start.ts': 'lib/personalization/cli/start-options.ts',
}
/** `instance` is how chaos starts its own processes; `load` is given as `--no-load`. */
const OMITTED = new Set(['help', 'instance', 'load'])

function optionsOf(path: string): string[] {
  const source = readFileSync(OPTIONS_IN[path] ?? path, 'utf8')
  const names = [...source.matchAll(/^\s+'?([a-z][a-z-]*)'?: \{ type: '(?:string|boolean)'/gm)].map(([, name]) => name!)
  return names.filter((name) => !OMITTED.has(name))
}

t.setTimeout(120_000)
t.equal(commands.size, 11)
for (const [name, path] of commands) {
  t.test(name, async (t) => {
    for (const flag of path.startsWith('lib') ? ['--help', '-h'] : ['--help']) {
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--import=tsx', path, flag], { encoding: 'utf8' })
      t.equal(status, 0, stderr)
      t.ok(stdout.startsWith(name), stdout.slice(0, 40))
      for (const option of optionsOf(path)) t.match(stdout, new RegExp(`--${option}\\b`))
      for (const line of stdout.split('\n')) t.ok(line.length <= 130, line)
    }
  })
}
