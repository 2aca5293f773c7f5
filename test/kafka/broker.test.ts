import t from 'tap'
import { brokerAnswers } from '../../verify/kafka/probe.js'
import { realKafka, uniqueName } from './broker.js'

t.test('the broker answers a metadata request and names itself', async (t) => {
  const kafka = await realKafka(t)
  if (kafka === null) return
  t.equal(await brokerAnswers(kafka.bootstrap), true)
})

t.test('names never repeat', async (t) => {
  const names = new Set(Array.from({ length: 1_000 }, () => uniqueName('topic')))
  t.equal(names.size, 1_000)
})
