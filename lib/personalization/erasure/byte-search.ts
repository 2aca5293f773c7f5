/** Searches bytes for texts, in the forms in which they may stand somewhere. */
import { createReadStream } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** A text, in one of its forms. */
export interface Needle {
  /** What the text is, for a report that does not repeat it. */
  readonly what: string
  readonly bytes: Buffer
}

/** The forms of a text: UTF-8, as in JSON, as in a URL, and UTF-16. */
export function needlesOf(what: string, text: string): Needle[] {
  const json = JSON.stringify(text).slice(1, -1)
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
  const forms: [string, Buffer][] = [
    ['UTF-8', Buffer.from(text)],
    ['JSON', Buffer.from(json)],
    ['JSON in ASCII', Buffer.from(ascii)],
    ['URL', Buffer.from(encodeURIComponent(text))],
    ['UTF-16', Buffer.from(text, 'utf16le')],
  ]
  const distinct = forms.filter(([, bytes], i) => forms.findIndex(([, other]) => other.equals(bytes)) === i)
  return distinct.map(([form, bytes]) => ({ what: `${what} (${form})`, bytes }))
}

/** The needles that are in the bytes. */
export function foundIn(bytes: Buffer, needles: readonly Needle[]): Needle[] {
  return needles.filter((needle) => bytes.includes(needle.bytes))
}

/** A file with a needle in it. */
export interface FoundInFile {
  readonly file: string
  /** Where it begins. */
  readonly offset: number
  readonly needle: Needle
}

/** All files of a folder and its subfolders; names are searched too. `bytes`: how many were searched. */
export async function searchFolder(
  folder: string,
  needles: readonly Needle[],
): Promise<{ readonly files: number; readonly bytes: number; readonly found: readonly FoundInFile[] }> {
  const found: FoundInFile[] = []
  let [files, bytes] = [0, 0]
  for await (const file of filesIn(folder)) {
    for (const needle of foundIn(Buffer.from(file.slice(folder.length)), needles))
      found.push({ file, offset: -1, needle })
    const searched = await searchFile(file, needles, found)
    if (searched === null) continue
    files += 1
    bytes += searched
  }
  return { files, bytes, found }
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  const info = await lstat(folder).catch(ignoreMissing)
  if (info === undefined) return
  if (!info.isDirectory()) {
    if (info.isFile()) yield folder
    return
  }
  const names = (await readdir(folder).catch(ignoreMissing)) ?? []
  for (const name of names.sort()) yield* filesIn(join(folder, name))
}

/** In chunks, each with the end of the one before it. Null: the file went away meanwhile. */
async function searchFile(file: string, needles: readonly Needle[], found: FoundInFile[]): Promise<number | null> {
  const overlap = Math.max(...needles.map(({ bytes }) => bytes.length)) - 1
  const open = new Set(needles)
  let tail: Buffer = Buffer.alloc(0)
  let read = 0
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) {
      const bytes = Buffer.concat([tail, chunk as Buffer])
      for (const needle of open) {
        const at = bytes.indexOf(needle.bytes)
        if (at < 0) continue
        found.push({ file, offset: read - tail.length + at, needle })
        open.delete(needle)
      }
      read += (chunk as Buffer).length
      tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)))
    }
  } catch (error) {
    ignoreMissing(error)
    return null
  }
  return read
}

/** A running service deletes files of its stores and logs. */
function ignoreMissing(error: unknown): undefined {
  if ((error as { code?: string }).code !== 'ENOENT') throw error
}
