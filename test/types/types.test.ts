/** The compiler accepts `dsl-types.ts`: what must compile does, and what must not is refused where it says so. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { userEnvironment } from '../user-environment.js'

t.test('types of the DSL', async (t) => {
  const compiler = fileURLToPath(new URL('../../node_modules/typescript/lib/tsc.js', import.meta.url))
  const project = fileURLToPath(new URL('tsconfig.json', import.meta.url))
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project], {
    encoding: 'utf8',
    env: userEnvironment(),
  })
  t.equal(stdout, '')
  t.equal(status, 0)
})
