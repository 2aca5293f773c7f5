#!/usr/bin/env node
/** The installed command `millrace`. */
import { MillraceError } from '../errors.js'
import { runCommand } from './command.js'
import { diff } from './diff.js'

await runCommand(async () => {
  const [command, ...args] = process.argv.slice(2)
  if (command === 'diff') return diff(args)
  throw new MillraceError(
    'CONFIG_INVALID',
    `There is no command ${command ?? '(none)'}: use millrace diff OLD.json NEW.json`,
  )
})
