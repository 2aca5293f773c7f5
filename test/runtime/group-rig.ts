/** What tests of a changing group share: instances over engines and transports that can be held up, and a wait for a condition. */
import type { Test } from 'tap'
import type { Broker } from '../../lib/broker/broker.js'
import { Streams, StreamsBuilder, type StreamsSettings, string, type Topology } from '../../lib/index.js'
import { systemClock } from '../../lib/record/clock.js'
import { int64 } from '../../lib/serde/primitive.js'
import type { StateEngines } from '../../lib/state/engine/engine.js'
import { MemoryEngines } from '../../lib/state/memory-engine.js'
import { loopbackTransport } from '../../lib/transport/loopback.js'
import type { Transport, WireRequest } from '../../lib/transport/transport.js'

export const text = { key: string, value: string }

/** Counts `in` by key into `out`, in the store `counts`. */
export function counting(map: (value: string) => string = (value) => value): Topology {
  const builder = new StreamsBuilder()
  builder
    .stream('in', text)
    .mapValues((value) => map(value!))
    .groupByKey()
    .count({ store: { name: 'counts' } })
    .toStream()
    .to('out', { key: string, value: int64 })
  return builder.build()
}

/** A gate that lets everything through until it is shut. */
export class Gate {
  #open: Promise<void> | null = null
  #release = () => {}
  /** How many wait. */
  waiting = 0

  shut(): void {
    this.#open ??= new Promise((resolve) => {
      this.#release = resolve
    })
  }

  release(): void {
    this.#open = null
    this.#release()
  }

  async pass(): Promise<void> {
    if (this.#open === null) return
    this.waiting++
    await this.#open
    this.waiting--
  }
}

/** Memory engines of tasks whose opening and closing wait at gates. */
export function gatedEngines(): { readonly engines: StateEngines; readonly opening: Gate; readonly closing: Gate } {
  const memory = new MemoryEngines()
  const opening = new Gate()
  const closing = new Gate()
  const isTask = (id: string) => /^\d+_\d+$/.test(id)
  const engines: StateEngines = {
    async open(id) {
      if (isTask(id)) await opening.pass()
      const engine = await memory.open(id)
      const close = engine.close.bind(engine)
      return Object.assign(engine, {
        async close() {
          if (isTask(id)) await closing.pass()
          await close()
        },
      })
    },
    list: () => memory.list(),
    setAside: (id, reason) => memory.setAside(id, reason),
    remove: (id) => memory.remove(id),
  }
  return { engines, opening, closing }
}

/** A loopback transport on which each request may wait before it is sent and after it is answered; closing it ends the waiting. */
export function heldTransport(
  broker: Broker,
  hold: { before?(request: WireRequest): Promise<void>; after?(request: WireRequest): Promise<void> },
): () => Transport {
  return () => {
    const inner = loopbackTransport({ clock: systemClock, clientId: 'held', connect: () => broker.connection() })
    let close = () => {}
    const closed = new Promise<void>((resolve) => {
      close = resolve
    })
    return {
      async send(address, lane, request) {
        await Promise.race([hold.before?.(request), closed])
        const answer = await inner.send(address, lane, request)
        await Promise.race([hold.after?.(request), closed])
        return answer
      },
      close() {
        close()
        return inner.close()
      },
    }
  }
}

/** Starts an instance that the test closes at its end, and whose failure fails the test. */
export async function started(t: Test, topology: Topology, settings: StreamsSettings): Promise<Streams> {
  const streams = new Streams(topology, settings)
  streams.finished.catch((error) => t.fail(`ended by ${error.code}: ${error.message}`))
  t.teardown(() => streams.close({ leaveGroup: true }).catch(() => undefined))
  await streams.start()
  return streams
}

/** Polls until `enough`, at most ten seconds. */
export async function until(enough: () => boolean | Promise<boolean>, ms = 10_000): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; ) {
    if (await enough()) return true
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return enough()
}
