/** Writes one batch after the other until it is killed: the same number under three keys, and ballast beside it. */
import { systemClock } from '../../../lib/record/clock.js'
import type { EngineWrite } from '../../../lib/state/engine/engine.js'
import { natives } from '../targets.js'

const [name, folder] = process.argv.slice(2)
const target = natives.find((native) => native.name === name)!
const engine = await (await target.make({ folder: folder!, clock: systemClock })).open('0_0')
const before = engine.getSync(Buffer.from('first'))?.readUInt32BE() ?? 0
for (let n = before + 1; ; n++) {
  const value = Buffer.alloc(4)
  value.writeUInt32BE(n)
  const writes: EngineWrite[] = ['first', 'second', 'third'].map((key) => ({
    type: 'put',
    key: Buffer.from(key),
    value,
  }))
  writes.push({ type: 'put', key: Buffer.from(`ballast-${n}`), value: Buffer.alloc(20_000, n) })
  await engine.write(writes)
  process.stdout.write(`${n}\n`)
}
