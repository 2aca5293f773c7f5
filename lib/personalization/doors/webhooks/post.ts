/** One HTTP request of a webhook: no redirects, only public addresses unless allowed, one time limit for all of it. */
import { type LookupAddress, lookup } from 'node:dns'
import { Agent as HttpAgent, type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Clock } from '../../../index.js'
import type { Outcome } from './next-step.js'
import { isPrivateAddress } from './private-address.js'
import type { SignedMessage } from './signed-message.js'
import type { WebhookSettings } from './webhook-settings.js'

/** Sends messages to one webhook; a test has its own. */
export interface Poster {
  /** Never rejects. `signal` ends the attempt. */
  post(message: SignedMessage, signal: AbortSignal): Promise<Outcome>
  close(): void
}

/** An answer is read to its end, but no further than this: then its status is all that counts. */
const MAX_ANSWER_BYTES = 64 * 1024

export class HttpPoster implements Poster {
  readonly #settings: WebhookSettings
  readonly #clock: Clock
  readonly #agent: HttpAgent | HttpsAgent
  readonly #options: RequestOptions

  constructor(settings: WebhookSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
    const { url, concurrency, allowPrivateAddresses } = settings
    const agentOptions = { keepAlive: true, maxSockets: concurrency }
    this.#agent = url.protocol === 'https:' ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions)
    this.#options = {
      method: 'POST',
      agent: this.#agent,
      ...(allowPrivateAddresses ? {} : { lookup: publicLookup }),
    }
  }

  post({ headers, body }: SignedMessage, signal: AbortSignal): Promise<Outcome> {
    const { url, timeoutMs, allowPrivateAddresses } = this.#settings
    const host = url.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !allowPrivateAddresses && isPrivateAddress(host)) return Promise.resolve(PRIVATE)
    return new Promise((resolve) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
        ...this.#options,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      })
      const end = (outcome: Outcome) => {
        cancel()
        signal.removeEventListener('abort', onAbort)
        resolve(outcome)
      }
      const fail = (why: string) => {
        end({ kind: 'failed', why })
        request.destroy()
      }
      const cancel = this.#clock.setTimer(timeoutMs, () => fail(`no answer within ${timeoutMs} ms`))
      const onAbort = () => fail('the service is closing')
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      request.on('error', (error) => end(failureOf(error)))
      request.on('response', (answer) => readAnswer(answer, end, fail))
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** The outcome is known when the answer has come whole: one that breaks off says nothing sure. */
function readAnswer(answer: IncomingMessage, end: (outcome: Outcome) => void, fail: (why: string) => void): void {
  let bytes = 0
  const { statusCode: status = 0, headers } = answer
  const outcome: Outcome = { kind: 'answered', status, retryAfter: headers['retry-after'] ?? null }
  answer.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_ANSWER_BYTES) return
    end(outcome)
    answer.destroy()
  })
  answer.on('end', () => end(outcome))
  answer.on('error', () => fail('the answer broke off'))
}

const PRIVATE: Outcome = {
  kind: 'failed',
  why: 'its address is private, and allowPrivateAddresses is not set',
}

class PrivateAddress extends Error {}

/** Looks a name up, and fails if one of its addresses is private: the request is sent to what was checked. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return callback(error, '')
    if (addresses.some(({ address }) => isPrivateAddress(address))) return callback(new PrivateAddress(), '')
    const [first] = addresses
    if (options.all === true || first === undefined) return callback(null, addresses)
    callback(null, first.address, first.family)
  })
}

function failureOf(error: Error): Outcome {
  if (error instanceof PrivateAddress) return PRIVATE
  const { code } = error as { code?: string }
  return { kind: 'failed', why: `no answer (${code ?? 'unknown error'})` }
}
