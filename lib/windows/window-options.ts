/** The names of a window's options; a window that was made before may be given to make another. */
import { requireKnown } from '../record/known-options.js'

/** @throws MillraceError WINDOW_INVALID */
export function requireNames(options: object, names: readonly string[], maker: string): void {
  const made = typeof options === 'object' && options !== null && 'kind' in options
  if (!made) requireKnown(options, names, maker, 'WINDOW_INVALID')
}
