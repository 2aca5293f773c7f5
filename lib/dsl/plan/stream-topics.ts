/** Streams that are written to a topic: `to`, and `repartition`, which also reads the topic. */
import type { SinkNode } from '../../topology/node.js'
import type { Partitioner } from '../../topology/node-base.js'
import { type AnySerde, type Named, type StreamHandle, streamHandle, untyped } from './handle.js'
import { checkOptions } from './operator-options.js'
import { planRepartition } from './repartition-node.js'
import { required } from './store-options.js'

export interface SinkSettings extends Named {
  /** Chooses the partition of each record. Default: by the key, as Kafka's producer does. */
  readonly partitioner?: Partitioner
}

export interface RepartitionSettings extends Named {
  /** Default: as many as the source topics upstream have. */
  readonly partitions?: number
  /** Chooses the partition of each record. Default: by the key, as Kafka's producer does. */
  readonly partitioner?: Partitioner
}

interface UntypedSerdes {
  readonly key?: unknown
  readonly value?: unknown
}

function serdesOf(stream: StreamHandle, options: UntypedSerdes | undefined) {
  return {
    key: untyped(options?.key as AnySerde | undefined) ?? stream.key,
    value: untyped(options?.value as AnySerde | undefined) ?? stream.value,
  }
}

export function appendSink(
  stream: StreamHandle,
  topic: SinkNode['topic'],
  options: (SinkSettings & UntypedSerdes) | undefined,
): void {
  checkOptions('to', options, stream.name)
  const { graph } = stream
  const name = graph.nameOr(options?.name, 'KSTREAM-SINK-')
  const where = `sink ${name}`
  graph.add([stream.node], {
    name,
    write(topology, parents) {
      const { key, value } = serdesOf(stream, options)
      topology.addNode({
        kind: 'sink',
        name,
        parents,
        stores: [],
        topic,
        keySerde: required(key, 'key', where),
        valueSerde: required(value, 'value', where),
        partitioner: options?.partitioner ?? null,
      })
    },
  })
}

/** A repartition that the user asked for: it is never merged with others. */
export function repartitionStream(
  stream: StreamHandle,
  options: (RepartitionSettings & UntypedSerdes) | undefined,
): StreamHandle {
  checkOptions('repartition', options, stream.name)
  const { graph } = stream
  const { key, value } = serdesOf(stream, options)
  const prefix = options?.name ?? graph.nextName('KSTREAM-REPARTITION-')
  const { partitions, partitioner } = options ?? {}
  const plan = { prefix, key, value, partitions, partitioner, mergeable: false }
  const node = planRepartition(graph, plan).attach(stream.node)
  const { name } = node
  return streamHandle({ graph, node, name, key, value, sources: new Set([name]), rekeyed: false })
}
