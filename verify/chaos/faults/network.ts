/** Faults of the network, made by proxies between the instances and the brokers. */

import type { AnswerFate } from '../broker-proxy.js'
import { seconds } from '../failure.js'
import { type Round, SESSION_MS } from '../round.js'
import type { Fault } from './fault.js'
import { works } from './processes.js'

const DISTURBED_MS = 6_000
const MAX_DELAY_MS = 500
const CUT_SHARE = 0.01
/** Requests whose answer is lost once for each instance, the ones of a start and a join among them. */
const LOST_ANSWERS: Readonly<Record<string, number>> = {
  Produce: 0,
  Fetch: 1,
  ListOffsets: 2,
  Metadata: 3,
  OffsetFetch: 9,
  FindCoordinator: 10,
  JoinGroup: 11,
  Heartbeat: 12,
  SyncGroup: 14,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
}
const LATEST_ANSWER = 4
const LOST_WAIT_MS = 8_000

export const resets: Fault = {
  name: 'resets',
  proxied: true,
  async make(round) {
    const times = 5
    for (let i = 0; i < times; i++) {
      for (const proxy of round.proxies(...round.instances)) proxy.reset()
      await round.waitBetween(100, 1_500)
    }
    await round.flowing('after resets of all connections')
    return `all connections reset ${times} times`
  },
}

export const delays: Fault = {
  name: 'delays',
  proxied: true,
  async make(round) {
    for (const proxy of round.proxies(...round.instances)) {
      proxy.rules.delayMs = () => 1 + round.random.int(MAX_DELAY_MS)
    }
    await round.wait(DISTURBED_MS)
    await round.heal()
    await round.flowing('after delays')
    return `every answer 1 to ${MAX_DELAY_MS} ms late for ${seconds(DISTURBED_MS)}`
  },
}

export const cut: Fault = {
  name: 'cut',
  proxied: true,
  async make(round) {
    let cuts = 0
    const fate = (): AnswerFate => {
      if (round.random.next() >= CUT_SHARE) return 'pass'
      cuts++
      return 'cut'
    }
    for (const proxy of round.proxies(...round.instances)) proxy.rules.fate = fate
    await round.wait(DISTURBED_MS)
    await round.heal()
    await round.flowing('after answers that were cut off')
    return `${cuts} answers cut off in ${seconds(DISTURBED_MS)}`
  },
}

export const lost: Fault = {
  name: 'lost-answers',
  proxied: true,
  async make(round) {
    const said = new Set<string>()
    for (const [name, apiKey] of Object.entries(LOST_ANSWERS)) {
      for (const instance of round.instances) {
        let left = 1 + round.random.int(LATEST_ANSWER)
        const fate = (key: number): AnswerFate => {
          if (key !== apiKey || --left !== 0) return 'pass'
          said.add(name)
          return 'lose'
        }
        addFate(round, instance.name, fate)
      }
    }
    await round.wait(LOST_WAIT_MS)
    // What is asked only at a start.
    const victim = round.pick()
    await victim.kill()
    victim.start()
    await works(round, victim)
    await round.heal()
    await round.flowing('after lost answers')
    return `lost one answer of ${[...said].join(', ')}`
  },
}

export const blackhole: Fault = {
  name: 'blackhole',
  proxied: true,
  async make(round) {
    const victim = round.pick()
    const [proxies, all] = [round.proxies(victim), round.proxies(...round.instances)]
    for (const proxy of all) proxy.rules.silent = true
    await round.wait(2_000)
    for (const proxy of all) proxy.speakAgain()
    await round.flowing('after two silent seconds')
    const silentMs = SESSION_MS + 3_000
    for (const proxy of proxies) proxy.rules.silent = true
    await round.wait(silentMs)
    await round.flowing('while one instance heard nothing')
    for (const proxy of proxies) proxy.speakAgain()
    await round.wait(500)
    await works(round, victim)
    await round.flowing('after one instance had heard nothing')
    return `no data for any instance for 2 s, for ${victim.name} for ${seconds(silentMs)}`
  },
}

/** On top of the fates there are: the first that is not `pass` counts. */
function addFate(round: Round, name: string, fate: (apiKey: number) => AnswerFate): void {
  const instance = round.instances.find((one) => one.name === name)!
  for (const { rules } of round.proxies(instance)) {
    const before = rules.fate
    rules.fate = (apiKey) => {
      const first = before(apiKey)
      return first === 'pass' ? fate(apiKey) : first
    }
  }
}
