/** The repository's own text, cut up for the tests that check it: comments, strings and imports told apart. */

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string
  readonly text: string
  /** The text with comments and the insides of strings and regular expressions blanked; lines keep their place. */
  readonly code: string
  readonly imports: readonly Import[]
}

export interface Import {
  /** What is imported, as written. */
  readonly specifier: string
  readonly line: number
  /** `import type`, or only types between the braces. */
  readonly typeOnly: boolean
  /** `import()`, or a file named in a string, as for a worker. */
  readonly lazy: boolean
}

/** All files under `folder` whose name ends with one of `endings`, without fixtures; [] when there is no such folder. */
export function filesUnder(folder: string, ...endings: string[]): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : filesUnder(path, ...endings)
    return endings.some((ending) => entry.name.endsWith(ending)) ? [path] : []
  })
}

export function sourceFiles(folder: string): SourceFile[] {
  return filesUnder(folder, '.ts').map((path) => sourceFile(path, readFileSync(path, 'utf8')))
}

export function sourceFile(path: string, text: string): SourceFile {
  const { code, withStrings } = blanked(text)
  return { path, text, code, imports: importsOf(withStrings) }
}

/** The repository file that a relative import names. */
export function target(from: string, specifier: string): string {
  return join(dirname(from), specifier).replace(/\.js$/, '.ts')
}

/** Line number, from 1, of `index` in `text`. */
export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length
}

function importsOf(text: string): Import[] {
  const found: Import[] = []
  const statement = /^[ \t]*(?:import|export)\s+(?:(type\s)?([^'";]*?)\bfrom\s+)?'([^']+)'/gm
  const rest = text.replace(statement, (whole, type: string | undefined, names: string | undefined, specifier, at) => {
    const braced = names?.match(/^\{([^}]*)\}\s*$/)?.[1]?.split(',') ?? ['value']
    const onlyTypes = braced.every((name) => name.trim() === '' || name.trim().startsWith('type '))
    found.push({ specifier, line: lineAt(text, at), typeOnly: type !== undefined || onlyTypes, lazy: false })
    return whole.replace(/[^\n]/g, ' ')
  })
  for (const match of rest.matchAll(/\bimport\(\s*'([^']+)'\s*\)|'(\.{1,2}\/[^'\s]+\.js)'/g)) {
    const specifier = match[1] ?? match[2] ?? ''
    found.push({ specifier, line: lineAt(text, match.index), typeOnly: false, lazy: true })
  }
  return found
}

/** One pass over the text: a comment, a string, a template's text or a regular expression, whichever begins first. */
const PIECES =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|(?<=[(,=:[!&|?{};>]\s*|return\s)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[dgimsuvy]*/g

function blanked(text: string): { code: string; withStrings: string } {
  const blank = (piece: string) => piece.replace(/[^\n]/g, ' ')
  const withStrings = text.replace(PIECES, (piece) => (/^\/[*/]/.test(piece) ? blank(piece) : piece))
  const code = text.replace(PIECES, (piece) => {
    if (!piece.startsWith('`')) return blank(piece)
    // What stands between ${ and } is code.
    const parts = piece.split(/(\$\{[^{}`]*\})/)
    return parts.map((part) => (part.startsWith('${') ? `  ${part.slice(2, -1)} ` : blank(part))).join('')
  })
  return { code, withStrings }
}
