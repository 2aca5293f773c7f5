/** Turns an answer by callback into a value if it arrives at once, and otherwise into a promise. */
import type { RequestContext } from './core.js'

/** `closed` is the answer when the connection closes first; nobody reads it, but nothing stays behind. */
export function whenAnswered<Answer, Response>(
  context: RequestContext,
  ask: (answer: (answer: Answer) => void) => void,
  closed: Answer,
  encode: (answer: Answer) => Response,
): Response | Promise<Response> {
  let settle: (answer: Answer) => void
  let early: { readonly answer: Answer } | undefined
  settle = (answer) => {
    early = { answer }
  }
  ask((answer) => settle(answer))
  const now = early as { readonly answer: Answer } | undefined
  if (now !== undefined) return encode(now.answer)
  return new Promise((resolve) => {
    const release = context.onClose(() => resolve(encode(closed)))
    settle = (answer) => {
      release()
      resolve(encode(answer))
    }
  })
}
