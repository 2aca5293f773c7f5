import t from 'tap'
import { latencyChart } from '../../bench/latency-chart.js'

const latencyMs = { n: 1, p50: 1, p99: 100, p999: 100, mean: 20, max: 100 }

t.test('a bar each for mean and p99, and the limit', async (t) => {
  const rows = [
    { broker: 'embedded', partitions: 3, keys: 'uniform', latencyMs },
    { broker: 'kafka', partitions: 12, keys: 'a<b & c', latencyMs: { ...latencyMs, p99: 400 } },
  ]
  const svg = latencyChart(rows, 1_000)
  t.match(svg, /^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/)
  t.equal(svg.match(/<rect class="p99"/g)?.length, 2)
  t.match(svg, 'embedded, 3 partitions, uniform')
  t.match(svg, 'a&lt;b &amp; c')
  t.match(svg, '1000 clicks a second')
  t.match(svg, '200 ms')
  const [first, second] = [...svg.matchAll(/<rect class="p99" x="220" y="\d+" width="(\d+)"/g)].map(([, width]) =>
    Number(width),
  )
  t.ok(Math.abs(second! / first! - 4) < 0.1, 'to scale')
})
