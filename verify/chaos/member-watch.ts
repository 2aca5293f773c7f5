/** Watches the members of the group: a process that gets a second member id was removed from the group. */
import type { Cluster } from '../../lib/index.js'
import { describeGroupsApi } from '../../lib/protocol/api/describe-groups.js'
import { delay, systemClock } from '../../lib/record/clock.js'

const POLL_MS = 100

export class MemberWatch {
  readonly #cluster: Cluster
  readonly #groupId: string
  /** `name/life` to the member ids that process was seen with. */
  readonly #idsOf = new Map<string, Set<string>>()
  readonly #lifeOf: (clientId: string) => number | null
  readonly #running: Promise<void>
  #closed = false

  /** `lifeOf` answers which process of that name lives, null where none does. */
  constructor(cluster: Cluster, groupId: string, lifeOf: (clientId: string) => number | null) {
    this.#cluster = cluster
    this.#groupId = groupId
    this.#lifeOf = lifeOf
    this.#running = this.#watch()
  }

  /** How often a living process had to become a new member. */
  get evictions(): number {
    return [...this.#idsOf.values()].reduce((sum, ids) => sum + ids.size - 1, 0)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #watch(): Promise<void> {
    while (!this.#closed) {
      await this.#look().catch(() => undefined)
      await delay(systemClock, POLL_MS)
    }
  }

  async #look(): Promise<void> {
    const before = new Map<string, number | null>()
    const lifeOf = (clientId: string) => {
      if (!before.has(clientId)) before.set(clientId, this.#lifeOf(clientId))
      return before.get(clientId)!
    }
    const body = { groups: [this.#groupId], includeAuthorizedOperations: false }
    const target = { coordinator: 'group', key: this.#groupId } as const
    const { groups } = await this.#cluster.request(describeGroupsApi, body, target, { lane: 'admin' })
    for (const { clientId, memberId } of groups.flatMap(({ members }) => members)) {
      const life = lifeOf(clientId)
      // A member that outlives its process is not that of the next one.
      if (life === null || memberId === '' || life !== this.#lifeOf(clientId)) continue
      this.#noted(`${clientId}/${life}`, clientId, life, memberId)
    }
  }

  #noted(process: string, clientId: string, life: number, memberId: string): void {
    // The member of the process before, which the group still keeps.
    if (life > 1 && this.#idsOf.get(`${clientId}/${life - 1}`)?.has(memberId) === true) return
    const ids = this.#idsOf.get(process)
    if (ids === undefined) this.#idsOf.set(process, new Set([memberId]))
    else ids.add(memberId)
  }
}
