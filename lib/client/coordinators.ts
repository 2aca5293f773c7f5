/** Which broker coordinates a group or a transactional id: asked once, until somebody says that it has moved. */
import { findCoordinatorApi } from '../protocol/api/find-coordinator.js'
import type { BrokerAddress } from '../transport/transport.js'
import { brokerError } from './broker-error.js'
import type { Cluster } from './cluster.js'
import type { CoordinatorType } from './cluster-options.js'

export class Coordinators {
  readonly #call: Cluster['call']
  readonly #found = new Map<string, Promise<BrokerAddress>>()

  constructor(call: Cluster['call']) {
    this.#call = call
  }

  address(type: CoordinatorType, key: string): Promise<BrokerAddress> {
    const name = `${type}/${key}`
    const known = this.#found.get(name)
    if (known !== undefined) return known
    const found = this.#find(type, key)
    this.#found.set(name, found)
    found.catch(() => {
      if (this.#found.get(name) === found) this.#found.delete(name)
    })
    return found
  }

  forget(type: CoordinatorType, key: string): void {
    this.#found.delete(`${type}/${key}`)
  }

  async #find(type: CoordinatorType, key: string): Promise<BrokerAddress> {
    const keyType = type === 'group' ? 0 : 1
    const response = await this.#call(
      findCoordinatorApi,
      (version) => (version >= 4 ? { keyType, coordinatorKeys: [key] } : { keyType, key }),
      { any: true },
      { lane: 'admin' },
      ({ coordinators: [row], errorCode, errorMessage }) => {
        const code = row?.errorCode ?? errorCode
        const detail = row?.errorMessage ?? errorMessage
        return code === 0 ? null : brokerError(code, 'FindCoordinator', `${type} "${key}"`, { detail })
      },
    )
    const { host, port } = response.coordinators[0] ?? response
    return { host, port }
  }
}
