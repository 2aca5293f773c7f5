// The three most played songs of each genre: joins plays with a table of songs, counts them, and groups the counts by genre.
// Then it queries the charts, as a web page would. Without BROKERS it runs on an embedded broker in this process.
import { Admin, embeddedBroker, int32, json, Producer, Streams, StreamsBuilder, string, topic } from 'millrace'

const { BROKERS } = process.env
const connection = BROKERS ? { brokers: BROKERS.split(',') } : await embeddedBroker({ folder: null })
const admin = new Admin(connection)
const names = ['songs', 'plays'].map((name) => ({ name, partitions: 2 }))
await admin.createTopics(names, { ifNotExists: true })

const song = json()
const songTopic = topic('songs', { key: int32, value: song })
const playTopic = topic('plays', { key: string, value: json() })
const builder = new StreamsBuilder()
const songs = builder.table(songTopic)
builder
  .stream(playTopic)
  .filterNotNull()
  .filter((_listener, { seconds }) => seconds >= 30)
  .selectKey((_listener, { songId }) => songId)
  .join(songs, { joiner: (_play, song) => song, key: int32 })
  .groupBy((_songId, song) => song, { key: song, value: song, name: 'by-song' })
  .count({ store: { name: 'plays-per-song' } })
  // When a song's count changes, its old count is taken out of the chart and the new one put in.
  .groupBy(({ title, genre }, plays) => [genre, { title, plays }], { key: string, value: json(), name: 'by-genre' })
  .aggregate({
    initializer: () => [],
    adder: (_genre, { title, plays }, chart) => [...chart, { title, plays }].sort((a, b) => b.plays - a.plays),
    subtractor: (_genre, { title }, chart) => chart.filter((entry) => entry.title !== title),
    store: { name: 'charts', value: json() },
  })

const streams = new Streams(builder.build(), { applicationId: 'charts', connection })
await streams.start()

const producer = new Producer({ connection })
const catalogue = [
  { title: 'Millstone', genre: 'folk' },
  { title: 'Tailrace', genre: 'folk' },
  { title: 'Sluice', genre: 'punk' },
]
await Promise.all(catalogue.map((value, key) => producer.send(songTopic, { key, value })))
const plays = [
  [0, 180],
  [1, 200],
  [1, 12],
  [2, 95],
  [1, 200],
  [0, 10],
]
await Promise.all(
  plays.map(([songId, seconds], i) => producer.send(playTopic, { key: `listener-${i}`, value: { songId, seconds } })),
)

const charts = streams.queries.keyValue('charts')
const played = (chart) => chart.reduce((sum, { plays }) => sum + plays, 0)
for (let total = 0; total < 4; await new Promise((resolve) => setTimeout(resolve, 20))) {
  total = 0
  for await (const { value } of charts.all()) total += played(value)
}
for await (const { key: genre, value: chart } of charts.all()) {
  console.log(
    `${genre}: ${chart
      .slice(0, 3)
      .map(({ title, plays }) => `${title} ${plays}`)
      .join(', ')}`,
  )
}
await producer.close()
await streams.close()
await admin.close()
await connection.close?.()
