/**
 * Engines with one known mistake each, to check that the simulation detects it. A mutant is a change of source text in
 * a copy of the compiled library; the engine has no switch for it. If the text no longer exists, `--mutants` reports it
 * and stops.
 */

export interface Edit {
  readonly file: string
  /** It is there exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  /** The invariant it breaks, as the design numbers them. */
  readonly guards: string
  /** What its seeds are about. */
  readonly variant: string
  readonly edits: readonly Edit[]
  /** A test of the rule by itself, which fails with it too. */
  readonly unit?: string
}

export function mutant(
  name: string,
  guards: string,
  variant: string,
  edits: readonly (readonly [file: string, find: string, replace: string])[],
  unit?: string,
): Mutant {
  const made = edits.map(([file, find, replace]) => ({ file, find, replace }))
  return { name, guards, variant, edits: made, ...(unit !== undefined && { unit: `test/${unit}.test.ts` }) }
}
