/** `hotspots`: as `service`, with few and with many partitions, for equally active and for unequally active users. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { advice } from './hotspots-advice.js'
import { latencyChart } from './latency-chart.js'
import { onEach, PARTITIONS, SERVICE_FLAGS, type ServiceOptions, serviceOptions, serviceReport } from './service.js'
import type { Suite } from './suite.js'

const ZIPF = 1.2

async function hotspots(options: ServiceOptions, chart: string) {
  const cases = [3, PARTITIONS].flatMap((partitions) => [0, ZIPF].map((zipf) => ({ partitions, zipf })))
  const { rows, broker } = await onEach(options, cases)
  const ours = rows.findLast(({ partitions, keys }) => partitions === PARTITIONS && keys === 'uniform')!
  await mkdir(dirname(chart), { recursive: true })
  await writeFile(chart, latencyChart(rows, options.rate))
  const words = advice(rows)
  for (const line of words) options.log(line)
  return { suite: 'hotspots', ...serviceReport(options, rows, ours), rows, broker, chart, advice: words }
}

export const suite: Suite = {
  what: 'as service, with 3 and 12 partitions and with users that click more often than others; draws a chart (SVG)',
  flags: { ...SERVICE_FLAGS, rate: '1000', seconds: '30', chart: 'hotspots.svg' },
  async run(values, log) {
    const report = await hotspots(serviceOptions(values, log), values.text('chart'))
    return { report, passed: report.outputsEqual }
  },
}
