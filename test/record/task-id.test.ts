/** Task ids: one value for each task, shown as Kafka Streams shows it. */
import t from 'tap'
import { byTaskId, parseTaskId, taskIdOf } from '../../lib/record/task-id.js'

t.test('there is one value for each task', async (t) => {
  const id = taskIdOf(3, 12)
  t.same([id.subTopology, id.partition, id.text], [3, 12, '3_12'])
  t.equal(taskIdOf(3, 12), id)
  t.equal(parseTaskId('3_12'), id)
  t.equal(parseTaskId('7_0'), taskIdOf(7, 0), 'whichever comes first')
  t.not(taskIdOf(31, 2), id)
  t.equal(new Map([[id, 'held']]).get(parseTaskId('3_12')!), 'held')
  t.ok(Object.isFrozen(id))
})

t.test('it is shown by its text', async (t) => {
  const id = taskIdOf(0, 3)
  t.equal(`${id}`, '0_3')
  t.equal([id, taskIdOf(1, 0)].join(), '0_3,1_0')
  t.equal(JSON.stringify({ taskId: id }), '{"taskId":"0_3"}')
})

t.test('only what taskIdOf would make is the name of a task', async (t) => {
  for (const text of [
    '',
    '0',
    '_',
    '0_',
    '_0',
    '0_0_0',
    '00_1',
    '0_01',
    '-1_0',
    '0_-1',
    ' 0_1',
    '0_1 ',
    'a_b',
    'global',
  ]) {
    t.equal(parseTaskId(text), null, JSON.stringify(text))
  }
})

t.test('the order is that of the numbers', async (t) => {
  const ids = [taskIdOf(10, 0), taskIdOf(2, 10), taskIdOf(2, 9), taskIdOf(0, 100)]
  t.equal(ids.sort(byTaskId).join(), '0_100,2_9,2_10,10_0')
})
