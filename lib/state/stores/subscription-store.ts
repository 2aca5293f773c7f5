/**
 * Subscriptions of a foreign-key join, under `foreign key, primary key`, with an index of the primary keys of each
 * foreign key.
 */

import { combinedKey, primaryKeyStart } from '../../serde/foreign-key.js'
import { keyValueView } from '../committed/view.js'
import { decodeMembers, encodeMembers, SubscriberIndex } from '../order/subscriber-index.js'
import type { SubscriptionStore } from '../ports/store.js'
import { PartsStore } from './parts-store.js'
import { compacted, type DefinitionBase, type StoreRow } from './store-info.js'
import type { LocalStore, StoreParts } from './store-parts.js'

/** Foreign-key joins: which rows of the left table wait for a row of the other. */
export interface SubscriptionDefinition extends DefinitionBase {
  readonly kind: 'subscription'
}

export class LocalSubscriptionStore
  extends PartsStore<SubscriptionDefinition>
  implements SubscriptionStore, LocalStore
{
  readonly directory: SubscriberIndex
  readonly times = null
  readonly index = null

  constructor(parts: StoreParts<SubscriptionDefinition>) {
    super(parts)
    this.directory = new SubscriberIndex(
      parts.directory({
        encode: (held) => encodeMembers(held as string[]),
        decode: decodeMembers,
      }),
    )
  }

  get overlays() {
    return [this.parts.data, this.directory.overlay]
  }

  put(foreignKey: Buffer, primaryKey: Buffer, value: Buffer | null, timestamp: number): void {
    const key = combinedKey(foreignKey, primaryKey)
    const cell = this.parts.data.load(key.toString('latin1'))
    if ((cell.held === null) !== (value === null)) {
      const group = groupOf(key, primaryKeyStart(key))
      const member = primaryKey.toString('latin1')
      if (value === null) this.directory.remove(group, member)
      else this.directory.add(group, member)
    }
    this.parts.write(cell, value, timestamp)
  }

  forEach(foreignKey: Buffer, visit: (primaryKey: Buffer, value: Buffer) => void): void {
    const group = combinedKey(foreignKey, Buffer.alloc(0)).toString('latin1')
    for (const member of this.directory.members(group)) {
      const value = this.parts.read(this.parts.data.load(group + member))
      if (value !== null) visit(Buffer.from(member, 'latin1'), value as Buffer)
    }
  }

  changelogKey(localKey: string): Buffer {
    return Buffer.from(localKey, 'latin1')
  }

  restore(key: Buffer, value: Buffer | null, timestampMs: number): void {
    const start = primaryKeyStart(key)
    this.directory.restore(groupOf(key, start), key.toString('latin1', start), value !== null)
    this.parts.data.restore(key.toString('latin1'), value === null ? null : Buffer.from(value), timestampMs)
  }

  async expire(): Promise<void> {}
}

/** The length is in front of the foreign key, so that no group is the prefix of another. */
function groupOf(key: Buffer, primaryKeyAt: number): string {
  return key.toString('latin1', 0, primaryKeyAt)
}

export const subscriptionInfo: StoreRow<SubscriptionDefinition, LocalSubscriptionStore> = {
  kind: 'subscription',
  savedAs: 'subscription',
  port: null,
  settings: {},
  rebuiltFrom: [],
  writes: ['put'],
  changelogConfig: compacted,
  open: (parts) => new LocalSubscriptionStore(parts),
  committed: keyValueView,
}
