// `node scripts/node-versions.mjs [MAJOR...]`: runs the tests that need no broker on other versions of Node, each taken
// from the npm package `node` into a cache folder. Default: 22 and 24. Closes with "N passed, N failed".

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

const majors = process.argv.slice(2)
let passed = 0
let failed = 0

for (const major of majors.length > 0 ? majors : ['22', '24']) {
  const folder = resolve('.millrace', `node-${major}`)
  const binary = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
  if (!existsSync(join(binary, 'node'))) {
    mkdirSync(folder, { recursive: true })
    const name = `node-${process.platform}-${process.arch}@${major}`
    spawnSync('npm', ['install', '--silent', '--no-save', '--prefix', folder, name], { stdio: 'inherit' })
  }
  const env = {
    ...process.env,
    PATH: `${binary}${delimiter}${process.env.PATH}`,
    KAFKA_BROKERS: '',
    MILLRACE_NO_KAFKA: 'other Node versions run without a broker',
  }
  const { status, stdout } = spawnSync('node', ['--import=tsx', 'scripts/test.ts'], { env, encoding: 'utf8' })
  const version = spawnSync('node', ['--version'], { env, encoding: 'utf8' }).stdout.trim()
  process.stdout.write(`${version}: ${status === 0 ? 'passed' : `failed\n${stdout}`}\n`)
  if (status === 0) passed += 1
  else failed += 1
}

process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed > 0 ? 1 : 0
