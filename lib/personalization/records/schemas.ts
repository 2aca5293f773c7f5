/** Reads the Avro schemas of the package from `schemas/`, beside `lib/` or `dist/`. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { MillraceError } from '../../index.js'

export type SchemaName = 'user-activity' | 'customer-profile' | 'recommendation' | 'dead-letter' | 'loader-progress'

export type Schema = Readonly<Record<string, unknown>>

/** @throws MillraceError SERDE_SCHEMA_INVALID where the package lacks the file */
export function packagedSchema(name: SchemaName): Schema {
  for (const up of ['../../../schemas/', '../../../../schemas/']) {
    const path = fileURLToPath(new URL(`${up}${name}.avsc`, import.meta.url))
    if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8'))
  }
  throw new MillraceError('SERDE_SCHEMA_INVALID', `schemas/${name}.avsc is missing from the package: install it again`)
}
