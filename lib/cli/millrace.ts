#!/usr/bin/env node
/** The installed command `millrace`. */
import { MillraceError } from '../errors.js'
import { ERASURE_HELP, erasure } from '../personalization/cli/erasure.js'
import { runCommand } from './command.js'
import { diff } from './diff.js'

const HELP = `millrace diff OLD.json NEW.json [--json]
Lists the state that a new version of a topology would lose or change. Both files contain the output of
describe(topology, 'json'). Exits with 1 if state would be lost.

  --json   print the changes as JSON

${ERASURE_HELP}`

await runCommand(async () => {
  const [command, ...args] = process.argv.slice(2)
  if (command === 'diff') return diff(args)
  if (command === 'erasure') return erasure(args)
  const problem = command === undefined ? 'No command was given' : `There is no command ${command}`
  throw new MillraceError('CONFIG_INVALID', `${problem}: use millrace diff, millrace erasure, or millrace --help`)
}, HELP)
