import type { Provocation } from '../provocation.js'

export const PROVOCATIONS: readonly Provocation[] = []
