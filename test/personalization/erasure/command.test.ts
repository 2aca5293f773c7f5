/** Goal: `millrace erasure` erases and proves while the service does not run. Method: the command as a process, on a folder. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readAll } from '../../../lib/index.js'
import { ADA, ADAS_VALUES, adaShops, MASTER_KEY, openWorld, until, view } from './world.js'

t.setTimeout(120_000)

function run(...args: string[]) {
  const command = ['--import=tsx', 'lib/cli/millrace.ts', 'erasure', ...args]
  const env = { ...process.env, MILLRACE_MASTER_KEY: '' }
  return spawnSync(process.execPath, command, { encoding: 'utf8', env })
}

t.test('a user is erased, and a planted copy is found, with exit codes', async (t) => {
  const world = await openWorld(t)
  const service = await world.open()
  await service.start()
  await adaShops(service)
  await service.intake.submit(view('bob', 'i9'))
  const { recommendations } = service.topics
  await until(async () => (await readAll({ cluster: service.cluster, topic: recommendations })).length >= 3)
  await service.close()
  await world.broker.close()

  const keyFile = join(world.folder, '..', 'erasure-command-key')
  writeFileSync(keyFile, `${MASTER_KEY}\n`)
  const where = ['--state-dir', world.folder, '--application-id', 'shop', '--topic-prefix', 'shop-']
  const options = [...where, '--master-key', keyFile]
  const values = ADAS_VALUES.flatMap((value) => ['--value', value])
  const prove = () => run('--prove', ADA, ...options, ...values)

  const alive = prove()
  t.equal(alive.status, 1, alive.stderr)
  t.match(alive.stdout, /FOUND a wrapped key of the user, not compacted away yet: shop-user-keys-0 at offset/)
  t.match(alive.stdout, /searched \d+ files, \d+ bytes: /)

  const erased = run(ADA, ...options)
  t.equal(erased.status, 0, erased.stderr)
  t.equal(erased.stdout, '1 keys deleted, 0 visitors erased with the user\n')
  const clean = prove()
  t.equal(clean.status, 0, clean.stdout + clean.stderr)
  t.match(clean.stdout, /Nothing that can be read is left of the user\.\n$/)
  t.notMatch(clean.stdout, ADA)

  appendFileSync(join(world.folder, 'tasks', 'copy.log'), `note: ${ADA}\n`)
  const found = prove()
  t.equal(found.status, 1)
  t.match(found.stdout, /FOUND the user id \(UTF-8\): .*copy\.log at byte 6\n/)
  const json = JSON.parse(run('--prove', ADA, ...options, '--json').stdout)
  t.match(json, { isErased: false, remainders: [{ what: 'the user id (UTF-8)' }] })

  const wrong: [string[], RegExp][] = [
    [[...options], /CONFIG_INVALID.*give one user/],
    [[ADA, 'bob', ...options], /CONFIG_INVALID.*give one user/],
    [['--prove', ADA, 'bob', ...options], /CONFIG_INVALID.*give one user/],
    [[ADA], /CONFIG_INVALID.*--state-dir is missing/],
    [[ADA, '--state-dir', '/nowhere'], /CONFIG_INVALID.*no such folder/],
    [[ADA, '--state-dir', join(world.folder, 'tasks')], /CONFIG_INVALID.*no topics/],
    [[ADA, ...where], /MASTER_KEY_MISSING/],
    [[ADA, ...where, '--master-key', '/nowhere'], /CONFIG_INVALID.*cannot be read/],
    [['--prove', ADA, '--state-dir', world.folder], /CLIENT_TOPIC_MISSING/],
    [['--unknown'], /CONFIG_INVALID/],
  ]
  for (const [args, message] of wrong) {
    const { status, stderr } = run(...args)
    t.equal(status, 1)
    t.match(stderr, message, args.join(' '))
  }
})
