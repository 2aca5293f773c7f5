/** Millrace's SDK for browsers: it sends events, and receives decisions. It throws no error into the page. docs/doors.md describes it. */

const PREFIX = 'millrace.'
const MAX_QUEUED = 1_000
const MAX_BATCH_EVENTS = 100
/** What outlives its page may have 64 KB. */
const MAX_BATCH_BYTES = 48 * 1024
/** The service takes no larger event. */
const MAX_EVENT_BYTES = 32 * 1024
const SESSION_IDLE_MS = 30 * 60_000
const COLLECT_MS = 200
const REQUEST_MS = 15_000
const OPEN_MS = 10_000
const FIRST_RETRY_MS = 500
const LAST_RETRY_MS = 60_000
/** The service knows an id for a day: what a beacon has probably delivered is not sent again after this. */
const BEACON_KEPT_MS = 20 * 3_600_000
/** A tab of another process sees what this one stored some milliseconds later, and locks do not wait for that. */
const SETTLED_MS = 2_000
/** Decisions remembered as shown, and the latest of these that the service is told. */
const MAX_SHOWN = 300
const MAX_HAVE = 64

const attempt = (run) => {
  try {
    return run()
  } catch {
    return undefined
  }
}
const bytesOf = (text) => new TextEncoder().encode(text).length
const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
const retryMs = (attempts) => Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts) * (0.75 + Math.random() / 2)
/** One tab of the site at a time; where the browser has no locks, or the page is not secure, each on its own. */
const alone = (name, run) => (navigator.locks ? navigator.locks.request(PREFIX + name, run) : run())
const on = (event, listener) => globalThis.addEventListener?.(event, listener)

/** localStorage; what it does not take, or all where there is none, is kept in memory. */
class Store {
  #memory = new Map()

  get(name) {
    const text = this.#memory.get(name) ?? attempt(() => localStorage.getItem(PREFIX + name))
    return attempt(() => JSON.parse(text)) ?? null
  }

  set(name, value) {
    const text = JSON.stringify(value)
    const isStored = attempt(() => localStorage.setItem(PREFIX + name, text) ?? true)
    if (isStored) this.#memory.delete(name)
    else this.#memory.set(name, text)
  }

  remove(name) {
    this.#memory.delete(name)
    attempt(() => localStorage.removeItem(PREFIX + name))
  }

  /** The names that begin with `start`, sorted. */
  names(start) {
    const stored = attempt(() => Object.keys(localStorage)) ?? []
    const ours = stored.filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length))
    return [...new Set([...ours, ...this.#memory.keys()])].filter((name) => name.startsWith(start)).sort()
  }
}

/** Who the visitor is. Read from the store each time: another tab may have changed it. */
class Visitor {
  #store

  constructor(store) {
    this.#store = store
  }

  get userId() {
    return this.#store.get('user')
  }

  set userId(userId) {
    this.#store.set('user', userId)
  }

  get anonymousId() {
    const kept = this.#store.get('anonymous') ?? newId()
    this.#store.set('anonymous', kept)
    return kept
  }

  /** A new one after 30 minutes without a call. */
  sessionId(nowMs) {
    const kept = this.#store.get('session')
    const isOver = !kept || !(nowMs - kept.at < SESSION_IDLE_MS)
    const id = isOver ? newId() : kept.id
    this.#store.set('session', { id, at: nowMs })
    return id
  }

  forget() {
    const names = ['user', 'anonymous', 'session', 'resume', ...this.#store.names('shown.')]
    for (const name of names) this.#store.remove(name)
  }
}

/** Events that the service has not confirmed: each an entry of the store, so that tabs share them. */
class Queue {
  #url
  #writeKey
  #store
  #report
  #timer = 0
  #dueMs = 0
  #attempts = 0
  #added = 0
  #limit = MAX_BATCH_EVENTS
  #isSending = false
  #inFlight = new Set()

  constructor({ host, writeKey }, store, report) {
    this.#url = `${host}/v1/batch`
    this.#writeKey = writeKey
    this.#store = store
    this.#report = report
  }

  get size() {
    return this.#store.names('event.').length
  }

  get dropped() {
    return this.#store.get('dropped') ?? 0
  }

  add(call) {
    const bytes = bytesOf(JSON.stringify(call))
    if (bytes > MAX_EVENT_BYTES) return this.#report('EVENT_TOO_LARGE', `an event has ${bytes} bytes`, { event: call })
    const order = Date.now().toString(36).padStart(9, '0') + (this.#added++).toString(36).padStart(6, '0')
    this.#store.set(`event.${order}.${newId().slice(0, 6)}`, call)
    const names = this.#store.names('event.')
    const excess = names.slice(0, Math.max(0, names.length - MAX_QUEUED))
    for (const name of excess) this.#store.remove(name)
    if (excess.length > 0) {
      this.#store.set('dropped', this.dropped + excess.length)
      this.#report('QUEUE_FULL', `${excess.length} of the oldest events dropped`, { dropped: this.dropped })
    }
    this.sendIn(this.#attempts > 0 ? LAST_RETRY_MS : COLLECT_MS)
  }

  /** Sooner if it is due sooner. */
  sendIn(ms) {
    const dueMs = Date.now() + ms
    if (this.#timer !== 0 && this.#dueMs <= dueMs) return
    clearTimeout(this.#timer)
    this.#dueMs = dueMs
    this.#timer = setTimeout(() => {
      this.#timer = 0
      this.send()
    }, ms)
  }

  async send() {
    if (this.#isSending || this.size === 0) return
    this.#isSending = true
    let waitMs = null
    try {
      await alone('send', async () => {
        this.#forgetBeacon()
        while (waitMs === null && this.size > 0) waitMs = await this.#sendBatch()
      })
    } catch (error) {
      waitMs = retryMs(this.#attempts++)
      this.#report('SEND_FAILED', 'the service cannot be reached', { cause: error })
    }
    this.#isSending = false
    this.#inFlight.clear()
    if (waitMs !== null) this.sendIn(waitMs)
    else if (this.size > 0) this.sendIn(0)
  }

  /** What is not being sent already, handed to the browser. It stays here until a response confirms it. */
  beacon() {
    if (navigator.onLine === false) return
    let names = this.#store.names('event.').filter((name) => !this.#inFlight.has(name))
    while (names.length > 0) {
      const batch = this.#batch(names)
      if (!navigator.sendBeacon?.(this.#url, batch.body)) return
      this.#store.set('beacon', {
        at: Date.now(),
        names: [...(this.#store.get('beacon')?.names ?? []), ...batch.names],
      })
      names = names.slice(batch.names.length)
    }
  }

  #forgetBeacon() {
    const beacon = this.#store.get('beacon')
    if (beacon && !(Date.now() - beacon.at < BEACON_KEPT_MS)) for (const name of beacon.names) this.#store.remove(name)
    if (beacon) this.#store.remove('beacon')
  }

  #batch(names) {
    const calls = []
    let bytes = 0
    for (const name of names.slice(0, this.#limit)) {
      const call = this.#store.get(name)
      bytes += call ? bytesOf(JSON.stringify(call)) : 0
      if (calls.length > 0 && bytes > MAX_BATCH_BYTES) break
      calls.push(call)
    }
    const body = { writeKey: this.#writeKey, sentAt: new Date().toISOString(), batch: calls.filter(Boolean) }
    return { names: names.slice(0, calls.length), calls, body: JSON.stringify(body) }
  }

  /** Null if the next batch may follow at once, otherwise how long to wait. */
  async #sendBatch() {
    const { names, calls, body } = this.#batch(this.#store.names('event.'))
    this.#inFlight = new Set(names)
    const response = await fetch(this.#url, {
      method: 'POST',
      // Of this type no browser asks first whether it may.
      headers: { 'content-type': 'text/plain' },
      body,
      keepalive: true,
      credentials: 'omit',
      signal: AbortSignal.timeout(REQUEST_MS),
    })
    const answer = (await response.json().catch(() => null)) ?? {}
    const { status } = response
    if (status === 413 && names.length > 1) {
      this.#limit = Math.ceil(names.length / 2)
      return null
    }
    if (!response.ok && ![400, 413, 415].includes(status)) {
      this.#report(answer.error ?? 'SEND_FAILED', answer.message ?? `the service answers ${status}`, { status })
      const afterMs = Number(response.headers.get('retry-after')) * 1_000 * (1 + Math.random() / 4)
      return Math.max(retryMs(this.#attempts++), afterMs || 0)
    }
    this.#attempts = 0
    this.#limit = MAX_BATCH_EVENTS
    for (const name of names) this.#store.remove(name)
    const sent = calls.filter(Boolean)
    const rejected = answer.invalid ?? (response.ok ? [] : sent.map((_, index) => ({ index, reason: answer.message })))
    for (const { index, reason } of rejected) this.#report('EVENT_REJECTED', reason, { event: sent[index], status })
    return null
  }
}

/** Decisions by WebSocket, or as server-sent events where that does not open. */
class Decisions {
  #host
  #ticket
  #store
  #report
  #acknowledge
  #callbacks = new Set()
  #connection = null
  #timer = 0
  #attempts = 0
  #bySse = false
  /** Ids given to the callbacks, which have not shown them yet. */
  #pending = new Set()
  #hasFailed = false
  #position = null

  constructor({ host, ticket }, store, report, acknowledge) {
    this.#host = host
    this.#ticket = ticket
    this.#store = store
    this.#report = report
    this.#acknowledge = acknowledge
  }

  add(callback) {
    this.#callbacks.add(callback)
    if (this.#callbacks.size === 1) this.open()
    return () => {
      if (this.#callbacks.delete(callback) && this.#callbacks.size === 0) this.close()
    }
  }

  /** Also for another user, and without waiting. */
  open() {
    this.close()
    if (this.#callbacks.size === 0) return
    this.#hasFailed = false
    this.#position = null
    const connection = { isOpen: false, close: () => {} }
    this.#connection = connection
    this.#connect(connection).catch((error) => this.#lost(connection, error))
  }

  close() {
    clearTimeout(this.#timer)
    const connection = this.#connection
    this.#connection = null
    connection?.close()
  }

  async #connect(connection) {
    const ticket = this.#ticket && (await this.#ticket())
    // A visitor whom the site has not logged in has no stream.
    if ((this.#ticket && !ticket) || connection !== this.#connection) return
    const position = this.#store.get('resume')
    const have = this.#shown().slice(-MAX_HAVE)
    const url = new URL(`${this.#host}/live`, location.href)
    const received = ({ data }) => {
      if (connection === this.#connection) this.#received(connection, attempt(() => JSON.parse(data)) ?? {})
    }
    const lost = () => this.#lost(connection)
    const timer = setTimeout(() => connection.isOpen || lost(), OPEN_MS)
    if (ticket) url.searchParams.set('ticket', ticket)
    if (this.#bySse) {
      url.pathname = url.pathname.replace(/live$/, 'events')
      if (position) url.searchParams.set('position', `${position.partition}:${position.next}`)
      if (have.length > 0) url.searchParams.set('have', have.join())
      const events = new EventSource(url, { withCredentials: true })
      events.onmessage = received
      events.onerror = lost
      connection.close = () => events.close(clearTimeout(timer))
      return
    }
    url.protocol = url.protocol.replace('http', 'ws')
    const socket = new WebSocket(url)
    socket.onopen = () => socket.send(JSON.stringify({ type: 'resume', position, have }))
    socket.onmessage = received
    socket.onclose = lost
    connection.close = () => socket.close(clearTimeout(timer) ?? 1000)
  }

  #lost(connection, error) {
    if (connection !== this.#connection) return
    this.close()
    if (error) this.#report('TICKET_FAILED', 'no ticket, or no connection with it', { cause: error })
    else if (!connection.isOpen) {
      this.#report('CONNECTION_FAILED', `no ${this.#bySse ? 'event stream' : 'WebSocket'}; the other one is tried`)
      this.#bySse = !this.#bySse
    }
    this.#timer = setTimeout(() => this.open(), retryMs(this.#attempts++))
  }

  #received(connection, { type, position, decision }) {
    connection.isOpen = true
    if (type === 'live') this.#attempts = 0
    if (position) this.#position = position
    const id = decision?.decisionId
    if (id && !this.#pending.has(id) && !this.#shown().includes(id)) {
      this.#pending.add(id)
      this.#show(decision, Date.now())
        .catch((error) => {
          // The position stays, and it comes again with the next connection.
          this.#hasFailed = true
          this.#report('CALLBACK_FAILED', 'a decision was not shown', { cause: error, decision })
        })
        .finally(() => {
          this.#pending.delete(id)
          this.#advance()
        })
    }
    this.#advance()
  }

  async #show(decision, receivedMs) {
    const id = decision.decisionId
    await visible()
    await new Promise((resolve, reject) => {
      const once = async () => {
        // Another tab may have shown it while this one waited.
        if (this.#shown().includes(id)) return resolve()
        const isStale = Date.now() - receivedMs > decision.validUntil - decision.at
        const answers = isStale
          ? [false]
          : await Promise.all([...this.#callbacks].map((callback) => callback(decision)))
        this.#remember(id)
        if (answers.some((answer) => answer !== false)) this.#acknowledge(id)
        resolve()
        await new Promise((settled) => setTimeout(settled, SETTLED_MS))
      }
      Promise.resolve(alone(`show.${id}`, once)).catch(reject)
    })
  }

  /** Ids, the latest last. */
  #shown() {
    return this.#store.names('shown.').map((name) => name.slice(name.lastIndexOf('.') + 1))
  }

  /** Each an entry of the store, so that no tab writes over what another one has shown. */
  #remember(id) {
    this.#store.set(`shown.${Date.now().toString(36)}.${id}`, 1)
    for (const name of this.#store.names('shown.').slice(0, -MAX_SHOWN)) this.#store.remove(name)
  }

  /** Past decisions only once they are shown: one that a closed page has not shown comes again. */
  #advance() {
    if (this.#pending.size === 0 && !this.#hasFailed && this.#position) this.#store.set('resume', this.#position)
  }
}

function visible() {
  if (document.visibilityState !== 'hidden') return undefined
  return new Promise((resolve) => {
    const check = () => {
      if (document.visibilityState === 'hidden') return
      document.removeEventListener('visibilitychange', check)
      resolve()
    }
    document.addEventListener('visibilitychange', check)
  })
}

/** See sdk.d.ts. */
export function millrace(options) {
  const report = (code, message, details) => {
    attempt(() => options?.onError?.(Object.assign(new Error(message), { name: 'MillraceError', code, ...details })))
  }
  /** The page goes on whatever happens here. */
  const guarded =
    (run) =>
    (...args) => {
      try {
        return run(...args)
      } catch (error) {
        report('SDK_FAILED', String(error?.message ?? error), { cause: error })
      }
    }
  const settings = { ...options, host: String(options?.host ?? '').replace(/\/+$/, '') }
  if (!settings.host || !settings.writeKey) report('OPTIONS_INVALID', 'host and writeKey are needed')
  const store = new Store()
  const visitor = new Visitor(store)
  const queue = new Queue(settings, store, report)
  const call = (type, fields, messageId = newId()) => {
    const now = new Date()
    const context = {
      sessionId: visitor.sessionId(now.getTime()),
      timezone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
      locale: globalThis.navigator?.language,
      library: { name: 'millrace-sdk' },
    }
    const { anonymousId, userId } = visitor
    queue.add({
      type,
      messageId,
      timestamp: now.toISOString(),
      anonymousId,
      ...(userId && { userId }),
      context,
      ...fields,
    })
  }
  const decisions = new Decisions(settings, store, report, (decisionId) => {
    const properties = { decision_id: decisionId }
    call('track', { event: 'Recommendation Viewed', properties }, `shown-${decisionId}`)
  })
  const listen = (event, run) => on(event, guarded(run))
  listen('online', () => {
    queue.sendIn(0)
    decisions.open()
  })
  listen('offline', () => decisions.close())
  listen('pagehide', () => {
    queue.beacon()
    decisions.close()
  })
  listen('pageshow', ({ persisted }) => {
    if (!persisted) return
    queue.sendIn(0)
    decisions.open()
  })
  // Telephones end hidden pages without a word.
  listen('visibilitychange', () => document.visibilityState === 'hidden' && queue.sendIn(0))
  // Of an earlier page.
  guarded(() => queue.size > 0 && queue.sendIn(0))()

  return {
    track: guarded((name, properties = {}) => call('track', { event: name, properties })),
    page: guarded((name, properties = {}) => {
      const { title, referrer } = document
      const { pathname: path, origin } = location
      const known = { path, title, referrer: referrer.replace(/[?#].*/, ''), url: origin + path }
      call('page', { ...(name && { name }), properties: { ...known, ...properties } })
    }),
    identify: guarded((userId, traits = {}) => {
      const before = visitor.userId
      const isOther = userId != null && before !== String(userId)
      // The visitor so far was another user: who shares a browser shares no history.
      if (isOther && before !== null) visitor.forget()
      if (isOther) visitor.userId = String(userId)
      call('identify', { traits })
      if (isOther) decisions.open()
    }),
    consent: guarded((purposes) => call('track', { event: 'Consent Updated', properties: purposes })),
    reset: guarded(() => {
      visitor.forget()
      decisions.open()
    }),
    onDecision: guarded((callback) => decisions.add(callback)),
    get anonymousId() {
      return visitor.anonymousId
    },
    get queued() {
      return queue.size
    },
    get dropped() {
      return queue.dropped
    },
  }
}
