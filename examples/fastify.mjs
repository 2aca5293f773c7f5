// A topology inside a Fastify service: it counts page views and serves the counts over HTTP.
import Fastify from 'fastify'
import { Admin, connect, embeddedBroker, Streams, StreamsBuilder, string, TransactionalProducer } from 'millrace'

const connection = process.env.BROKERS
  ? { brokers: process.env.BROKERS.split(',') }
  : { broker: await embeddedBroker({ folder: null }) }
const cluster = connect(connection)
await new Admin(cluster).createTopics([{ name: 'views', partitions: 3 }], { ifNotExists: true })

const builder = new StreamsBuilder()
builder
  .stream('views', { key: string, value: string })
  .groupByKey()
  .count({ store: { name: 'views-per-page' } })
const streams = new Streams(builder.build(), { applicationId: 'page-views', ...connection })
await streams.start()
const views = streams.queries.keyValue('views-per-page')

const producer = new TransactionalProducer({ cluster, transactionalId: 'page-views-http' })
await producer.init()
// One transaction at a time: each request waits for the one before.
let last = Promise.resolve()
const record = (page) => {
  last = last.then(async () => {
    producer.begin()
    await producer.append({ topic: 'views', key: Buffer.from(page), value: Buffer.from('') })
    await producer.commit()
  })
  return last
}

const app = Fastify()
app.post('/pages/:page/views', async ({ params }, reply) => {
  await record(params.page)
  return reply.code(202).send()
})
app.get('/pages/:page/views', async ({ params }) => {
  const found = await views.get(params.page)
  return { page: params.page, views: found?.value ?? 0 }
})
app.addHook('onClose', async () => {
  await streams.close()
  await cluster.close()
  await connection.broker?.close()
})
console.log(`listening on ${await app.listen({ port: Number(process.env.PORT ?? 0) })}`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
