/** The embedded broker: Kafka's protocol in one process, in memory or in a folder. */
export { Broker, type BrokerOptions, createBroker } from './broker.js'
export type { BrokerConnection } from './connection.js'
export { type BrokerSettings, DEFAULT_SETTINGS } from './settings.js'
export { FolderStorage } from './storage/folder-disk.js'
export { MemoryStorage } from './storage/memory-storage.js'
export type { BrokerStorage } from './storage/storage.js'
export type { ListenOptions } from './tcp.js'
