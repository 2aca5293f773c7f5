import { Kafka, logLevel } from 'kafkajs'
import { systemClock } from '../../lib/record/clock.js'
import { kafkajsTransport } from '../../lib/transport/kafkajs.js'
import { runTransportSuite } from './run-transport-suite.js'

runTransportSuite('kafkajs', (bootstrap) =>
  kafkajsTransport({
    clock: systemClock,
    kafka: new Kafka({ brokers: [bootstrap], clientId: 'suite', logLevel: logLevel.NOTHING }),
  }),
)
