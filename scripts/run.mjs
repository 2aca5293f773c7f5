// `node scripts/run.mjs COMMAND ARGUMENTS`: builds if something changed, then runs the compiled command in this process,
// so that signals, standard streams and the exit code are the command's own.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildIfChanged, root } from './build.mjs'

const [name, ...rest] = process.argv.slice(2)
const status = buildIfChanged()
if (status !== 0) process.exit(status)
const file = name === 'bench' ? join(root, 'dist', 'bench', 'main.js') : join(root, 'dist', 'lib', 'cli', `${name}.js`)
process.argv = [process.execPath, file, ...rest]
await import(pathToFileURL(file).href)
