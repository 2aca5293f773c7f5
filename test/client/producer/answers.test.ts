/** What the plain producer does after each answer of a broker: what becomes of the records, and what it sends next. */
import t from 'tap'
import { KAFKA_ERROR } from '../../../lib/protocol/index.js'
import type { Script } from '../scripted-broker.js'
import { answering, requests, rig, told, words } from './producer-rig.js'

const E = KAFKA_ERROR

/** What a broker answers to the first request, what becomes of the records `a,b,c` and of `d`, and what is sent. */
const ANSWERS: readonly {
  readonly what: string
  readonly scripts: readonly Script[]
  readonly told: readonly (string | number)[]
  readonly sent: readonly string[]
}[] = [
  { what: 'stored', scripts: [], told: [0, 1, 2, 1], sent: ['0:0/0=a,b,c', '0:0/3=d'] },
  ...[E.NOT_LEADER_OR_FOLLOWER, E.NOT_ENOUGH_REPLICAS, E.REQUEST_TIMED_OUT, E.UNKNOWN_TOPIC_OR_PARTITION].map(
    (code) => ({
      what: `${code} passes`,
      scripts: [answering(code)],
      told: [0, 1, 2, 1],
      sent: ['0:0/0=a,b,c', '0:0/0=a,b,c', '0:0/3=d'],
    }),
  ),
  {
    what: 'the answer is lost: the same again',
    scripts: [() => 'drop', answering(E.NONE, { baseOffset: 40 })],
    told: [40, 41, 42, 0],
    sent: ['0:0/0=a,b,c', '0:0/0=a,b,c', '0:0/3=d'],
  },
  {
    what: 'the answer is lost, and the broker knows the batch but not where it lies',
    scripts: [() => 'drop', answering(E.DUPLICATE_SEQUENCE_NUMBER)],
    told: [-1, -1, -1, 0],
    sent: ['0:0/0=a,b,c', '0:0/0=a,b,c', '0:0/3=d'],
  },
  ...[E.UNKNOWN_PRODUCER_ID, E.OUT_OF_ORDER_SEQUENCE_NUMBER].map((code) => ({
    what: `${code}: the broker has forgotten us, the same under the next epoch`,
    scripts: [answering(code), answering(code)],
    told: [0, 1, 2, 1],
    sent: ['0:0/0=a,b,c', '0:1/0=a,b,c', '0:2/0=a,b,c', '0:2/3=d'],
  })),
  {
    what: 'too large together: in halves',
    scripts: [answering(E.MESSAGE_TOO_LARGE)],
    told: [0, 1, 2, 2],
    sent: ['0:0/0=a,b,c', '0:0/0=a', '0:0/1=b,c', '0:0/3=d'],
  },
  {
    what: 'one is too large: it alone fails',
    scripts: [answering(E.MESSAGE_TOO_LARGE), answering(E.MESSAGE_TOO_LARGE)],
    told: ['RECORD_TOO_LARGE', 0, 1, 1],
    sent: ['0:0/0=a,b,c', '0:0/0=a', '0:0/0=b,c', '0:0/2=d'],
  },
  {
    what: 'the broker names one as invalid: it alone fails',
    scripts: [answering(E.INVALID_RECORD, { recordErrors: [{ batchIndex: 1 }] })],
    told: [0, 'RECORD_REJECTED', 1, 1],
    sent: ['0:0/0=a,b,c', '0:0/0=a,c', '0:0/2=d'],
  },
  {
    what: 'the broker names none: down to the one',
    scripts: [
      answering(E.INVALID_RECORD),
      answering(E.NONE, { baseOffset: 0 }),
      answering(E.INVALID_RECORD),
      answering(E.INVALID_RECORD),
    ],
    told: [0, 'RECORD_REJECTED', 0, 1],
    sent: ['0:0/0=a,b,c', '0:0/0=a', '0:0/1=b,c', '0:0/1=b', '0:0/1=c', '0:0/2=d'],
  },
  {
    what: 'no right to write',
    scripts: [answering(E.TOPIC_AUTHORIZATION_FAILED)],
    told: ['CLIENT_AUTHORIZATION', 'CLIENT_AUTHORIZATION', 'CLIENT_AUTHORIZATION', 0],
    sent: ['0:0/0=a,b,c', '0:0/0=d'],
  },
  {
    what: 'an answer that says nothing: nobody knows, later batches have the next epoch',
    scripts: [answering(E.UNKNOWN_SERVER_ERROR)],
    told: ['CLIENT_REQUEST_FAILED', 'CLIENT_REQUEST_FAILED', 'CLIENT_REQUEST_FAILED', 0],
    sent: ['0:0/0=a,b,c', '0:1/0=d'],
  },
  {
    what: 'rejected after an answer was lost: an earlier attempt may be stored',
    scripts: [() => 'drop', answering(E.MESSAGE_TOO_LARGE)],
    told: ['CLIENT_REQUEST_FAILED', 'CLIENT_REQUEST_FAILED', 'CLIENT_REQUEST_FAILED', 0],
    sent: ['0:0/0=a,b,c', '0:0/0=a,b,c', '0:1/0=d'],
  },
  {
    what: 'no answer until the time is up',
    scripts: [() => 'hang', () => 'hang'],
    told: ['CLIENT_DELIVERY_TIMEOUT', 'CLIENT_DELIVERY_TIMEOUT', 'CLIENT_DELIVERY_TIMEOUT', 0],
    sent: ['0:0/0=a,b,c', '0:0/0=a,b,c', '0:1/0=d'],
  },
]

for (const { what, scripts, told: expected, sent } of ANSWERS) {
  t.test(what, async (t) => {
    const { broker, send } = rig()
    broker.on('Produce', ...scripts)
    const first = await told(['a', 'b', 'c'].map(send))
    const last = await told([send('d')])
    t.same([...first, ...last], expected)
    t.same(requests(broker).flat(), sent)
  })
}

t.test('a partition in doubt leaves the others as they are', async (t) => {
  const { broker, producer } = rig()
  const to = (partition: number) => producer.send(words, { value: 'x', partition })
  broker.on('Produce', () => ({
    responses: [
      {
        name: 'words',
        partitionResponses: [
          { index: 0, errorCode: E.UNKNOWN_SERVER_ERROR, baseOffset: -1 },
          { index: 1, errorCode: 0, baseOffset: 9 },
        ],
      },
    ],
  }))
  t.same(await told([to(0), to(1)]), ['CLIENT_REQUEST_FAILED', 9])
  await Promise.all([to(0), to(1)])
  t.same(requests(broker), [
    ['0:0/0=x', '1:0/0=x'],
    ['0:1/0=x', '1:0/1=x'],
  ])
})

t.test('after the last epoch comes another producer id', async (t) => {
  const { broker, send } = rig()
  broker.on('InitProducerId', () => ({ throttleTimeMs: 0, errorCode: 0, producerId: 5, producerEpoch: 32_767 }))
  broker.on('Produce', answering(E.UNKNOWN_PRODUCER_ID))
  t.same(await told([send('a')]), [0])
  t.same(requests(broker).flat(), ['0:32767/0=a', '0:0/0=a'])
  t.equal(broker.named('InitProducerId').length, 2)
})
