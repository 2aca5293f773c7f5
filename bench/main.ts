/** `npm run bench -- SUITE [--vs java] [--json] ...`: one benchmark; its last line of output is one JSON object. */
import { runCommand } from '../lib/cli/command.js'
import { benchHelp, chosenSuite } from './index.js'

await runCommand(async () => {
  const { suite, values, json } = await chosenSuite(process.argv.slice(2))
  const { report, passed } = await suite.run(values, (line) => process.stderr.write(`${line}\n`))
  process.stdout.write(`${JSON.stringify(report, null, json ? undefined : 2)}\n`)
  return passed ? 0 : 1
}, benchHelp)
