/** Runs instances of the service against one broker until the input is done, for the tests of both tiers. */
import { join } from 'node:path'
import type { ConnectionOptions } from '../../lib/index.js'
import { NO_INJECTION, parseInject } from '../../lib/personalization/input/inject.js'
import { fileInput } from '../../lib/personalization/input/loader/input-files.js'
import type { ServiceOptions } from '../../lib/personalization/instance-options.js'
import type { Summary } from '../../lib/personalization/report/summary.js'
import { PersonalizationService } from '../../lib/personalization/service.js'
import { writeRees46 } from './rees46-rows.js'

export interface RunOptions {
  readonly connection: ConnectionOptions
  /** Application id and topic prefix. */
  readonly name: string
  readonly folder: string
  readonly rows?: number
  readonly broken?: boolean
  readonly inject?: string
}

export async function serviceOptions(run: RunOptions, instance = 'a'): Promise<ServiceOptions> {
  const path = join(run.folder, 'events.csv')
  writeRees46(path, run.rows ?? 3_000, { broken: run.broken ?? false })
  const inject = run.inject === undefined ? NO_INJECTION : parseInject(run.inject)
  return {
    connection: run.connection,
    applicationId: run.name,
    topicPrefix: `${run.name}-`,
    partitions: 4,
    stateDir: join(run.folder, `state-${instance}`),
    registry: null,
    input: await fileInput(path, 'rees46', { inject, seed: 1 }),
    speed: 'max',
    instanceId: instance,
  }
}

/** One undisturbed life. */
export async function summaryOf(run: RunOptions): Promise<Summary> {
  const service = await PersonalizationService.open(await serviceOptions(run))
  try {
    await service.start()
    await service.inputDone()
    await service.stop({ leaveGroup: true })
    return await service.summary()
  } finally {
    await service.close()
  }
}
