/** The file system of this machine, where a test over files in memory would not see it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { nodeFiles } from '../../lib/broker/storage/node-files.js'
import { seededRandom } from '../../lib/record/random.js'

t.test('parts of any size and number are written one behind the other, now or later', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-files-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const random = seededRandom('node files')
  const MIB = 1024 * 1024
  const rows: [string, number[]][] = [
    ['nothing', []],
    ['an empty part', [0]],
    ['one', [1]],
    ['one of a piece', [MIB]],
    ['larger than a piece, between others', [10, 0, 2 * MIB + 1, 7]],
    ['two that fill a piece, and one more', [MIB - 5, 5, 1]],
    ['thousands', Array.from({ length: 5_000 }, () => random.int(700))],
  ]
  for (const [name, sizes] of rows) {
    const parts = sizes.map((size) => random.bytes(size))
    const whole = Buffer.concat(parts)
    for (const kind of ['now', 'later']) {
      const file = nodeFiles.open(join(folder, `${name}-${kind}`))
      file.write([Buffer.from('start')], 0)
      if (kind === 'now') file.write(parts, 5)
      else await file.writeLater(parts, 5)
      t.ok(file.read(5, whole.length).equals(whole), `${name}, ${kind}`)
      t.equal(file.read(0, 5).toString(), 'start')
      t.throws(() => file.read(5, whole.length + 1), { code: 'BROKER_STORAGE_FAILED' }, 'and nothing behind it')
      file.close()
    }
  }
})
