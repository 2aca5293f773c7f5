/** The periodic tasks of the broker: retention, compaction, and removal of expired producers and empty groups. */
import type { Cancel } from '../record/clock.js'
import type { BrokerCore } from './core.js'
import { compactLog } from './log/compaction.js'
import { applyRetention } from './log/retention.js'

export class Housekeeping {
  readonly #core: BrokerCore
  readonly #report: (line: string) => void
  readonly #timers = new Map<string, Cancel>()

  constructor(core: BrokerCore, report: (line: string) => void) {
    this.#core = core
    this.#report = report
    const { compactionIntervalMs, retentionCheckIntervalMs } = core.settings
    this.#every('compaction', compactionIntervalMs, () => this.compact())
    this.#every('retention', retentionCheckIntervalMs, () => this.expire())
  }

  close(): void {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
  }

  /** One round of compaction; also for tests, which do not wait for it. */
  compact(): void {
    const { topics, clock, settings } = this.#core
    for (const topic of topics.all()) {
      if (!topic.config.compact) continue
      for (const log of topic.partitions) {
        this.#guard(`compacting ${log.topic}-${log.partition}`, () => {
          compactLog(log, clock.now(), settings.compactionRollBytes)
        })
      }
    }
  }

  /** One round of retention and expiry, and of memory given back. */
  expire(): void {
    const { topics, clock, settings, groups } = this.#core
    const nowMs = clock.now()
    for (const topic of topics.all()) {
      for (const log of topic.partitions) {
        log.producers.expire(nowMs - settings.producerIdExpirationMs)
        log.evictSaved()
        if (!topic.config.delete) continue
        this.#guard(`retention of ${log.topic}-${log.partition}`, () => {
          applyRetention(log, nowMs, (offset) => topics.moveStart(topic, log, offset))
        })
      }
    }
    groups.expire()
  }

  /** One log that fails must not keep the others from their turn. */
  #guard(what: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#report(`${what} failed and will be retried: ${String(error)}`)
    }
  }

  #every(name: string, intervalMs: number, work: () => void): void {
    const cancel = this.#core.clock.setTimer(intervalMs, () => {
      work()
      this.#every(name, intervalMs, work)
    })
    this.#timers.set(name, cancel)
  }
}
