/** A bar chart of latencies as SVG: for each run its mean and its p99, and a line at the limit. */
import type { Row } from './service.js'

/** What the chart shows of a run. */
export type ChartRow = Pick<Row, 'broker' | 'partitions' | 'keys' | 'latencyMs'>

const LIMIT_MS = 200
const WIDTH = 720
const LABEL = 220
const RIGHT = 70
const BAR = 14
const STEP = 48
const TOP = 56

export function latencyChart(rows: readonly ChartRow[], rate: number): string {
  const most = Math.max(LIMIT_MS * 1.1, ...rows.map(({ latencyMs }) => latencyMs.p99))
  const x = (ms: number) => Math.round((ms / most) * (WIDTH - LABEL - RIGHT))
  const height = TOP + rows.length * STEP + 16
  const bars = rows.map(({ broker, partitions, keys, latencyMs: { mean, p99 } }, i) => {
    const y = TOP + i * STEP
    return [
      text(0, y + BAR + 4, `${broker}, ${partitions} partitions, ${keys}`, 'label'),
      bar('mean', x(mean), y) + text(LABEL + x(mean) + 6, y + BAR - 2, `${mean}`, 'value'),
      bar('p99', x(p99), y + BAR + 3) + text(LABEL + x(p99) + 6, y + 2 * BAR + 1, `${p99}`, 'value'),
    ].join('\n')
  })
  const limit = LABEL + x(LIMIT_MS)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-16 0 ${WIDTH + 16} ${height}" role="img" aria-label="Latency of ${rate} clicks a second">
<style>
text { font: 13px system-ui, sans-serif; fill: #222 } .title { font-size: 16px; font-weight: 600 } .value, .limit { font-size: 11px }
.background { fill: #fff } rect.mean { fill: #7aa6d8 } rect.p99 { fill: #1f5fa8 } line { stroke: #b3261e; stroke-dasharray: 4 3 }
text.limit { fill: #b3261e }
@media (prefers-color-scheme: dark) { text { fill: #eee } .background { fill: #1b1b1f } text.limit { fill: #ffb4ab } }
</style>
<rect class="background" x="-16" width="${WIDTH + 16}" height="${height}"/>
${text(0, 22, `Click to frame at ${rate} clicks a second: mean and p99, milliseconds`, 'title')}
${bars.join('\n')}
<line x1="${limit}" x2="${limit}" y1="${TOP - 12}" y2="${height - 12}"/>
${text(limit + 4, TOP - 8, `${LIMIT_MS} ms`, 'limit')}
</svg>
`
}

function bar(name: string, width: number, y: number): string {
  return `<rect class="${name}" x="${LABEL}" y="${y}" width="${Math.max(1, width)}" height="${BAR}"/>`
}

function text(x: number, y: number, words: string, name: string): string {
  return `<text class="${name}" x="${x}" y="${y}">${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`
}
