import t from 'tap'
import { type AdvisedRow, advice } from '../../bench/hotspots-advice.js'

function row(partitions: number, keys: string, p99: number, broker = 'kafka'): AdvisedRow {
  const latencyMs = { n: 1, p50: 1, p99, p999: p99, mean: 2, max: p99 }
  return { broker, partitions, keys, latencyMs, cpuSecondsPerMillion: 200, withinLimits: p99 <= 200 }
}

t.test('what the figures mean', async (t) => {
  const rows: [name: string, rows: AdvisedRow[], says: RegExp, saysNot: RegExp][] = [
    ['alike', [row(3, 'uniform', 50), row(12, 'uniform', 55)], /does not matter/, /over the limits/],
    ['few are faster', [row(3, 'uniform', 50), row(12, 'uniform', 150)], /faster with 3 partitions/, /does not matter/],
    ['many are faster', [row(12, 'uniform', 50), row(3, 'uniform', 150)], /faster with 12 partitions/, /does not/],
    ['busy users', [row(3, 'uniform', 50), row(3, 'zipf 1.2', 120)], /--rate-user/, /need nothing done/],
    ['busy users, alike', [row(3, 'uniform', 50), row(3, 'zipf 1.2', 58)], /need nothing done/, /--rate-user/],
    [
      'too slow',
      [row(3, 'uniform', 50), row(12, 'uniform', 500)],
      /over the limits with 12 partitions uniform/,
      /zipf/,
    ],
    ['each broker', [row(3, 'uniform', 50), row(3, 'zipf 1.2', 50, 'embedded')], /^$/, /./],
  ]
  for (const [name, given, says, saysNot] of rows) {
    const words = advice(given).join('\n')
    t.match(words, says, name)
    t.notMatch(words, saysNot, name)
  }
})
