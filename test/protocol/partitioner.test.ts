/** Keys go where a Java producer puts them. */
import t from 'tap'
import { KAFKA_ERROR, kafkaErrorName } from '../../lib/protocol/index.js'
import { murmur2 } from '../../lib/record/murmur2.js'
import { partitionForKey } from '../../lib/record/partitioner.js'

t.test("murmur2: Kafka's published vectors, every length modulo 4", async (t) => {
  for (const [text, hash] of [
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ] as const) {
    t.equal(murmur2(Buffer.from(text)), hash, text)
  }
})

t.test('the sign bit is dropped, not the sign', async (t) => {
  t.equal(partitionForKey(Buffer.from('21'), 12), (-973932308 & 0x7fffffff) % 12)
  for (let i = 0; i < 200; i++) {
    const partition = partitionForKey(Buffer.from(`user-${i}`), 7)
    if (!(partition >= 0 && partition < 7)) t.fail(`partition ${partition}`)
  }
})

t.test('error codes have their names and say whether to try again', async (t) => {
  t.equal(KAFKA_ERROR.PRODUCER_FENCED, 90)
  t.equal(kafkaErrorName(51), 'CONCURRENT_TRANSACTIONS')
  t.equal(kafkaErrorName(-1), 'UNKNOWN_SERVER_ERROR')
  t.equal(kafkaErrorName(9999), 'ERROR_9999')
})
