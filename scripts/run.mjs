// `node scripts/run.mjs COMMAND ARGUMENTS`: builds if something changed, then runs the compiled command in this process,
// so that signals, standard streams and the exit code are the command's own.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildIfChanged, root } from './build.mjs'

const [name, ...rest] = process.argv.slice(2)
const status = buildIfChanged()
if (status !== 0) process.exit(status)
// A command's name, and its source.
const commands = JSON.parse(readFileSync(join(root, 'scripts', 'commands.json'), 'utf8'))
const file = join(root, 'dist', commands[name].replace(/\.ts$/, '.js'))
process.argv = [process.execPath, file, ...rest]
await import(pathToFileURL(file).href)
