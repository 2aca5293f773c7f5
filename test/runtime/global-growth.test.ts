/** A global store's topic grows while brokers answer badly: its new partitions are read as soon as they can be. */
import t from 'tap'
import type { Admin } from '../../lib/client/admin.js'
import type { Fetcher } from '../../lib/client/fetcher.js'
import { MillraceError } from '../../lib/errors.js'
import { formatTopicPartition, type TopicPartition } from '../../lib/record/record.js'
import { GlobalStores } from '../../lib/runtime/global-stores.js'
import { RestoreListeners } from '../../lib/runtime/restore/listener.js'
import { jumpingClock } from '../client/jumping-clock.js'

function growing(listOffsets: (partitions: readonly TopicPartition[]) => Promise<readonly object[]>) {
  const read: string[] = []
  const fetcher = {
    add: ({ topic, partition }: TopicPartition, offset: number) =>
      void read.push(`${formatTopicPartition(topic, partition)}@${offset}`),
    close: () => undefined,
    poll: () => [],
  }
  const stores = new GlobalStores({
    applicationId: 'app',
    appConfigs: () => ({}),
    clock: jumpingClock(),
    handleGlobalErrors: false,
    onDrop: () => undefined,
    onDeserializationError: 'fail',
    onProcessingError: 'fail',
    definitions: [],
    admin: { listOffsets } as unknown as Admin,
    makeFetcher: () => fetcher as unknown as Fetcher,
    restores: new RestoreListeners(() => undefined),
    partitionCount: () => 0,
    onFailed: () => undefined,
  } as unknown as ConstructorParameters<typeof GlobalStores>[0])
  return { stores, read }
}

t.test('partitions whose start could not be asked for are read when it can', async (t) => {
  let failures = 2
  const { stores, read } = growing(async (partitions) => {
    if (failures-- > 0) throw new MillraceError('CLIENT_REQUEST_FAILED', 'no leader', { retriable: true })
    return partitions.map((each) => ({ ...each, offset: 4 }))
  })
  for (let i = 0; i < 2; i++) await t.rejects(stores.grow('rows', 2), { code: 'CLIENT_REQUEST_FAILED' })
  await stores.grow('rows', 2)
  t.same(read, ['rows-0@4', 'rows-1@4'])
  await stores.grow('rows', 2)
  await stores.grow('rows', 3)
  t.same(read, ['rows-0@4', 'rows-1@4', 'rows-2@4'], 'each once')
  await stores.close()
})
