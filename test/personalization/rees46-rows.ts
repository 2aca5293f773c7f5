/** A small made-up input in the rees46 format, for tests that need a file. */
import { writeFileSync } from 'node:fs'
import { seededRandom } from '../../lib/record/random.js'

const HEADER = 'event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session'

/** `rows` events of 40 users over about `rows` * 2 seconds; every 50th row unreadable where `broken`. */
export function rees46Rows(rows: number, options: { seed?: number; broken?: boolean } = {}): string {
  const random = seededRandom(options.seed ?? 1)
  const lines = [HEADER]
  let at = Date.UTC(2019, 9, 1)
  for (let row = 1; row <= rows; row++) {
    at += random.int(5) * 1_000
    const user = random.int(40)
    const kind = random.next()
    const type = kind < 0.85 ? 'view' : kind < 0.95 ? 'cart' : 'purchase'
    const price = options.broken && row % 50 === 0 ? 'dear' : `${20 + random.int(300)}.50`
    const time = new Date(at).toISOString().slice(0, 19).replace('T', ' ')
    lines.push(`${time} UTC,${type},${1_000 + random.int(60)},7,shop.things,acme,${price},${user},session-${user}`)
  }
  return `${lines.join('\n')}\n`
}

export function writeRees46(path: string, rows: number, options: { seed?: number; broken?: boolean } = {}): string {
  writeFileSync(path, rees46Rows(rows, options))
  return path
}
