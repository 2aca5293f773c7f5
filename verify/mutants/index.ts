/** All engines with a mistake. */

import { GROUP } from './group.js'
import type { Mutant } from './mutant.js'
import { OUTPUT } from './output.js'
import { STATE } from './state.js'
import { TRANSACTIONAL } from './transactions.js'
import { UPKEEP } from './upkeep.js'

export type { Mutant } from './mutant.js'

export const MUTANTS: readonly Mutant[] = [...OUTPUT, ...STATE, ...GROUP, ...TRANSACTIONAL, ...UPKEEP]
