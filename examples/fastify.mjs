// A topology inside a Fastify service: it counts page views and serves the counts over HTTP.
import Fastify from 'fastify'
import { Admin, embeddedBroker, Producer, Streams, StreamsBuilder, string, topic } from 'millrace'

const { BROKERS } = process.env
const connection = BROKERS ? { brokers: BROKERS.split(',') } : await embeddedBroker({ folder: null })
const views = topic('views', { key: string, value: string })
const admin = new Admin(connection)
await admin.createTopics([{ name: views.name, partitions: 3 }], { ifNotExists: true })

const builder = new StreamsBuilder()
builder
  .stream(views)
  .groupByKey()
  .count({ store: { name: 'views-per-page' } })
const streams = new Streams(builder.build(), { applicationId: 'page-views', connection })
await streams.start()
const counts = streams.queries.keyValue('views-per-page')
const producer = new Producer({ connection })

const app = Fastify()
app.post('/pages/:page/views', async ({ params }, reply) => {
  await producer.send(views, { key: params.page, value: '' })
  return reply.code(202).send()
})
app.get('/pages/:page/views', async ({ params }) => {
  const found = await counts.get(params.page)
  return { page: params.page, views: found?.value ?? 0 }
})
app.addHook('onClose', async () => {
  await producer.close()
  await streams.close()
  await admin.close()
  await connection.close?.()
})
console.log(`listening on ${await app.listen({ port: Number(process.env.PORT ?? 0) })}`)
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => app.close())
