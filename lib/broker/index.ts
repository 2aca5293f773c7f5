/** The embedded broker: Kafka's protocol in one process, in memory or in a folder. */
export { Broker, type BrokerOptions, createBroker } from './broker.js'
export type { BrokerConnection } from './connection.js'
export { FolderStorage } from './folder-disk.js'
export { MemoryStorage } from './memory-storage.js'
export { type BrokerSettings, DEFAULT_SETTINGS } from './settings.js'
export type { BrokerStorage } from './storage.js'
export type { ListenOptions } from './tcp.js'
