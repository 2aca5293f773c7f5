/** Every suite, in the order in which they run: the quick ones first. */
import { franzGo } from './franz-go.js'
import { kafkaTools } from './kafka-tools.js'
import { librdkafka } from './librdkafka.js'
import { streamsEos, streamsEosComplex } from './streams-eos.js'
import { javaStreamsSmoke, streamsSmoke } from './streams-smoke.js'
import type { Suite } from './suite.js'

export const suites: readonly Suite[] = [
  kafkaTools,
  streamsEos,
  streamsEosComplex,
  streamsSmoke,
  javaStreamsSmoke,
  franzGo,
  librdkafka,
]
