import t from 'tap'
import { seededRandom } from '../../lib/record/random.js'
import { behindTags, ResponseFrames } from '../../lib/transport/response-frames.js'

const frame = (correlationId: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + body.length, 0)
  head.writeInt32BE(correlationId, 4)
  return Buffer.concat([head, body])
}

t.test('frames come out whole however the bytes are cut, also where the buffer is written again', async (t) => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed)
    const bodies = Array.from({ length: 1 + random.int(6) }, (_, i) =>
      Buffer.alloc(Math.floor(random.next() ** 3 * 300), 65 + i),
    )
    const bytes = Buffer.concat(bodies.map((body, i) => frame(i, body)))
    const expected: [number, number][] = []
    const answers: Buffer[] = []
    const frames = new ResponseFrames({
      expect: (correlationId, length) => expected.push([correlationId, length]) > 0,
      answer: (answer) => answers.push(answer),
    })
    const reused = Buffer.alloc(400)
    for (let at = 0; at < bytes.length; ) {
      const piece = bytes.subarray(at, at + 1 + random.int(40))
      piece.copy(reused)
      frames.push(reused.subarray(0, piece.length))
      reused.fill(0)
      at += piece.length
    }
    t.same(answers, bodies, `seed ${seed}`)
    t.same(
      expected,
      bodies.map((body, i) => [i, 4 + body.length]),
    )
  }
})

t.test('a refused answer takes no memory, and nothing behind it is cut', async (t) => {
  const heard: string[] = []
  const frames = new ResponseFrames({
    expect: (correlationId, bytes) => {
      heard.push(`${correlationId}: ${bytes}`)
      return false
    },
    answer: () => heard.push('answer'),
  })
  t.equal(frames.push(Buffer.from('HTTP/1.1 400 Bad Request\r\n')), false)
  t.same(heard, ['791752241: 1213486160'])
})

const TAGS: readonly [string, number[], number][] = [
  ['none', [0, 9], 1],
  ['one of two bytes', [1, 7, 2, 5, 5, 9], 5],
  ['two, the first empty', [2, 0, 0, 1, 1, 5, 9], 6],
  ['a tag and a length of two bytes of varint', [1, 0x80, 0x01, 0x81, 0x00, 5, 9], 6],
  ['more than there are bytes', [0xff, 0xff, 0xff, 0xff, 0x0f], 5],
]
for (const [name, bytes, start] of TAGS) {
  t.test(`tagged fields of a response header: ${name}`, async (t) => {
    t.equal(behindTags(Buffer.from(bytes)), start)
  })
}
