/** The WebSocket: a ticket, then "resume" with what this tab has; every decision id is told once. */
import { progress, shopper } from './shopper.js'

/** Ids kept to tell a decision that comes again. */
const MAX_KNOWN = 500
/** Of these, the server takes so many, the latest. */
const MAX_HAVE = 64
const FIRST_RETRY_MS = 250
const LAST_RETRY_MS = 5_000

/** Events: "state" (connecting, live, offline, closed), "decision", "figures". */
export class Connection extends EventTarget {
  #socket = null
  #attempts = 0
  #retry = 0
  #progress = progress.read()
  /** Decisions that came again and were not told again. */
  repeated = 0

  open() {
    clearTimeout(this.#retry)
    this.#progress = progress.read()
    this.#connect().catch(() => this.#later())
  }

  /** For another user, or because the shopper does not want to wait. */
  reopen() {
    const socket = this.#socket
    this.#socket = null
    socket?.close(1000)
    this.#attempts = 0
    this.open()
  }

  /** The carousel this tab showed last. */
  get lastCarousel() {
    return progress.read().carousel
  }

  async #connect() {
    this.#tell('state', 'connecting')
    const user = shopper.user
    const answer = await fetch('tickets', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user }),
      signal: AbortSignal.timeout(5_000),
    })
    // The service gives no tickets to visitors: trying again would not help.
    if (answer.status === 403) return this.#tell('state', 'closed')
    if (!answer.ok) throw new Error(`no ticket: ${answer.status}`)
    const { ticket } = await answer.json()
    if (user !== shopper.user) return
    const address = new URL(`live?ticket=${encodeURIComponent(ticket)}`, location.href)
    address.protocol = address.protocol.replace('http', 'ws')
    const socket = new WebSocket(address)
    this.#socket = socket
    socket.onopen = () => {
      const { position, have } = this.#progress
      socket.send(JSON.stringify({ type: 'resume', position, have: have.slice(-MAX_HAVE), figures: true }))
    }
    socket.onmessage = ({ data }) => {
      if (socket === this.#socket) this.#received(JSON.parse(data))
    }
    socket.onclose = () => {
      if (socket === this.#socket) this.#later()
    }
  }

  #received(frame) {
    if (frame.type === 'decision') this.#decision(frame)
    else if (frame.type === 'figures') this.#tell('figures', frame.snapshot)
    else if (frame.type === 'live') {
      this.#attempts = 0
      this.#advance(frame.position)
      this.#tell('state', 'live')
    }
  }

  #decision({ position, decision }) {
    const { have } = this.#progress
    if (have.includes(decision.decisionId)) {
      this.repeated += 1
      this.#advance(position)
      return
    }
    this.#progress.have = [...have, decision.decisionId].slice(-MAX_KNOWN)
    if (decision.rule === 'carousel') this.#progress.carousel = decision
    this.#advance(position)
    this.#tell('decision', decision)
  }

  #advance(position) {
    this.#progress.position = position
    progress.write(this.#progress)
  }

  #later() {
    this.#socket = null
    const waitMs = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#attempts) * (0.75 + Math.random() / 2)
    this.#attempts += 1
    this.#tell('state', 'offline')
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => this.open(), waitMs)
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}
