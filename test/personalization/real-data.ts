/** Where the published data sets lie: MILLRACE_DATA, or ../shared/data beside the repository; absent on most machines. */
import { createReadStream, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ByteSource } from '../../lib/personalization/input/formats/bytes.js'

const FOLDER = process.env.MILLRACE_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))

/** Options for a tap test that needs `path`: skipped with the reason where it is absent. */
export function needs(path: string): { skip?: string } {
  return existsSync(`${FOLDER}/${path}`) ? {} : { skip: `${path} is not in ${FOLDER}: set MILLRACE_DATA` }
}

export function realFile(path: string): ByteSource {
  return createReadStream(`${FOLDER}/${path}`)
}

export const REES46 = 'rees46-2019-10-01/events.csv.gz'
export const RETAIL = 'online-retail-uk/lines-2010-12-to-2011-08.csv.gz'
/** Segment calls, made by a seeded generator. */
export const PLAYBACK = 'made-playback/events.jsonl.gz'
export const OTTO = 'otto-20-sessions/train.jsonl'
export const BOL = {
  train: 'bol-sessions-2020/train.tsv.gz',
  valid: 'bol-sessions-2020/valid.tsv.gz',
  test: 'bol-sessions-2020/test.tsv.gz',
} as const
