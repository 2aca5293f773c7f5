/** A decision as a message of Standard Webhooks: its JSON body, and the headers that sign it. */
import { createHmac } from 'node:crypto'
import type { Recommendation } from '../../records/recommendation.js'

/** What an attempt sends. */
export interface SignedMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The specification asks for letters, digits and underscores. */
export function messageType(rule: string): string {
  return `decision.${rule.replaceAll('-', '_')}`
}

/** `timestamp` is the time of the decision, the same in each attempt; `webhook-timestamp` that of the attempt. */
export function signedMessage(decision: Recommendation, secrets: readonly Buffer[], nowMs: number): SignedMessage {
  const body = JSON.stringify({
    type: messageType(decision.rule),
    timestamp: new Date(decision.at).toISOString(),
    data: decision,
  })
  const id = decision.decisionId
  const timestamp = String(Math.floor(nowMs / 1_000))
  const sign = (secret: Buffer) =>
    `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'millrace',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': secrets.map(sign).join(' '),
    },
    body,
  }
}

const PREFIX = 'whsec_'
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
/** As the specification has it. */
const MIN_SECRET_BYTES = 24
const MAX_SECRET_BYTES = 64

/** What a secret has to look like. */
export const SECRET_FORM = `${PREFIX} and ${MIN_SECRET_BYTES} to ${MAX_SECRET_BYTES} bytes in base64`

/** The bytes of a secret; null: it is not of {@link SECRET_FORM}. */
export function secretBytes(text: string): Buffer | null {
  const encoded = text.slice(PREFIX.length)
  if (!text.startsWith(PREFIX) || !BASE64.test(encoded)) return null
  const bytes = Buffer.from(encoded, 'base64')
  return bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES ? bytes : null
}
