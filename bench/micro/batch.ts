/** How fast record batches are built, checked and read: `node --import=tsx bench/micro/batch.ts`. */
import { BatchBuilder, type Compression, readBatches } from '../../lib/protocol/index.js'
import { systemClock } from '../../lib/record/clock.js'

const RECORDS = 1_000_000
const BATCH_BYTES = 500_000
const ROUNDS = 5

function timed(act: () => void): number {
  const start = systemClock.monotonicMs()
  act()
  return (systemClock.monotonicMs() - start) / 1000
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1]!
}

function measure(compression: Compression): void {
  const key = Buffer.from('user-12345')
  const value = Buffer.from(
    '{"event":"view","item":"B0012345","price":"19.99","category":"electronics.phone"}'.padEnd(110),
  )
  const figures = { build: [] as number[], verify: [] as number[], step: [] as number[], keyAndValue: [] as number[] }
  let sum = 0
  let bytes = 0
  for (let round = 0; round < ROUNDS; round++) {
    const parts: Buffer[] = []
    const build = timed(() => {
      const builder = new BatchBuilder({ initialBytes: BATCH_BYTES * 2 })
      for (let i = 0; i < RECORDS; i++) {
        builder.append(1_760_000_000_000 + i, key, value)
        if (builder.sizeBytes > BATCH_BYTES) parts.push(builder.build({ compression }))
      }
      if (builder.count > 0) parts.push(builder.build({ compression }))
    })
    const all = Buffer.concat(parts)
    bytes = all.length
    const verify = timed(() => {
      for (const batch of readBatches(all)) batch.verify()
    })
    const step = timed(() => {
      for (const batch of readBatches(all)) {
        const cursor = batch.records()
        while (cursor.next()) sum += cursor.keyLength + cursor.valueLength + cursor.offset
      }
    })
    const keyAndValue = timed(() => {
      for (const batch of readBatches(all)) {
        const cursor = batch.records()
        while (cursor.next()) sum += cursor.key()!.length + cursor.value()!.length + cursor.headers().length
      }
    })
    figures.build.push(RECORDS / build)
    figures.verify.push(bytes / verify)
    figures.step.push(RECORDS / step)
    figures.keyAndValue.push(RECORDS / keyAndValue)
  }
  const millions = (values: number[]) => (median(values) / 1e6).toFixed(2)
  process.stdout.write(
    `${compression}: build ${millions(figures.build)} M records/s, verify ${millions(figures.verify)} MB/s, ` +
      `step ${millions(figures.step)} M records/s, with key and value ${millions(figures.keyAndValue)} M records/s ` +
      `(${(bytes / RECORDS).toFixed(1)} bytes per record, checksum ${sum})\n`,
  )
}

for (const compression of ['none', 'lz4', 'snappy', 'gzip'] as const) measure(compression)
