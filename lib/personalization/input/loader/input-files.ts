/** The input of the loader: the rows of a file or the simulated shop, always in the same order for the same options. */

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { seededRandom } from '../../../index.js'
import { ServiceError } from '../../errors.js'
import type { CustomerProfile } from '../../records/profile.js'
import { simulateShop } from '../../shop/simulator.js'
import { type ActivityRow, isInvalidRow } from '../formats/rows.js'
import { formatNamed, replayOf } from '../index.js'
import { type InjectPlan, inject } from '../inject.js'

/** An input for the service, from {@link fileInput} or {@link simulatorInput}. */
export interface LoaderInput {
  /** Identity of its rows: equal for equal rows. */
  readonly input: string
  /** Identity of the order in which the rows are sent. */
  readonly sequence: string
  /** Where the rows come from: a file, or the shop simulator. */
  readonly source: 'replay' | 'simulated'
  /** Sent before the first row. */
  readonly profiles: readonly CustomerProfile[]
  /** The rows from the first one, the same at each call. */
  rows(): AsyncIterable<ActivityRow>
}

/** Options of {@link fileInput} and {@link simulatorInput}. */
export interface SequenceOptions {
  /** Disturbances of the input. */
  readonly inject: InjectPlan
  /** The seed of what is random in it. */
  readonly seed: number | string
}

/** @throws ServiceError INPUT_MISSING, INPUT_FORMAT_UNKNOWN */
export async function fileInput(path: string, formatName: string, options: SequenceOptions): Promise<LoaderInput> {
  const format = formatNamed(formatName)
  const hash = await hashOf(path)
  return {
    input: `${formatName}-${hash}`,
    sequence: sequenceName(options),
    source: 'replay',
    profiles: [],
    rows: () => injected(replayOf(format, createReadStream(path)), options),
  }
}

/** The seeded shop: 50,000 events over three days, and the customers' profiles. */
export function simulatorInput(options: SequenceOptions): LoaderInput {
  const shop = simulateShop(options.seed)
  return {
    input: `simulator-${options.seed}`,
    sequence: sequenceName(options),
    source: 'simulated',
    profiles: shop.profiles,
    rows: () => injected(shop.events, options),
  }
}

function injected(rows: AsyncIterable<ActivityRow> | Iterable<ActivityRow>, options: SequenceOptions) {
  const random = seededRandom(`${options.seed}/inject`)
  return inject<ActivityRow>(rows, options.inject, random, (row) => (isInvalidRow(row) ? undefined : row.at))
}

function sequenceName({ inject: plan, seed }: SequenceOptions): string {
  const { shuffleMs, duplicateShare, lateShare, lateMs } = plan
  if (shuffleMs === 0 && duplicateShare === 0 && lateShare === 0) return 'unchanged'
  return `shuffle=${shuffleMs},duplicate=${duplicateShare},late=${lateShare}:${lateMs} seed ${seed}`
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  } catch (cause) {
    const { code } = cause as { code?: string }
    throw new ServiceError('INPUT_MISSING', `the input file ${path} cannot be read (${code ?? 'unknown error'})`, {
      cause,
    })
  }
  return hash.digest('hex').slice(0, 32)
}
