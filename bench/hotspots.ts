/** `hotspots`: as `service`, with few and with many partitions, for equally active and for unequally active users. */
import { onEach, PARTITIONS, SERVICE_FLAGS, type ServiceOptions, serviceOptions, serviceReport } from './service.js'
import type { Suite } from './suite.js'

const ZIPF = 1.2

async function hotspots(options: ServiceOptions) {
  const cases = [3, PARTITIONS].flatMap((partitions) => [0, ZIPF].map((zipf) => ({ partitions, zipf })))
  const { rows, broker } = await onEach(options, cases)
  const ours = rows.findLast(({ partitions, keys }) => partitions === PARTITIONS && keys === 'uniform')!
  return { suite: 'hotspots', ...serviceReport(options, rows, ours), rows, broker }
}

export const suite: Suite = {
  what: 'as service, with 3 and 12 partitions and with users that click more often than others',
  flags: { ...SERVICE_FLAGS, seconds: '30' },
  async run(values, log) {
    const report = await hotspots(serviceOptions(values, log))
    return { report, passed: report.outputsEqual }
  },
}
