/** The RocksDB engine. */
import { nativeCases } from './engine-cases.js'

nativeCases('rocksdb')
