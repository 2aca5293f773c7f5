/** `npm run broker`: runs the embedded broker until it is stopped. */

import { parseArgs } from 'node:util'
import { createBroker, FolderStorage, MemoryStorage } from '../broker/index.js'
import { MillraceError } from '../errors.js'
import { systemClock } from '../record/clock.js'
import { systemRandom } from '../record/random.js'
import { runCommand } from './command.js'

const HELP = `npm run broker -- [options]
Runs the embedded broker until Ctrl-C.

  --port N        the port; 0 takes any free port; default 9092
  --host H        the address to listen on, which is also the host that clients connect to; default 127.0.0.1
  --data DIR      the folder for the data; default: in memory, lost when the broker stops
  --auto-create   create a topic when a client first asks for it
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9092' },
      host: { type: 'string', default: '127.0.0.1' },
      data: { type: 'string' },
      'auto-create': { type: 'boolean', default: false },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new MillraceError('CONFIG_INVALID', `--port ${values.port} is not a port: give a number from 0 to 65535`)
  }
  const broker = await createBroker({
    clock: systemClock,
    random: systemRandom,
    storage: values.data === undefined ? new MemoryStorage() : new FolderStorage(values.data),
    settings: { autoCreateTopics: values['auto-create'] },
    report: (line) => process.stderr.write(`${line}\n`),
  })
  const stopped = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  try {
    const bound = await broker.listen({ host: values.host, port })
    const where = values.data === undefined ? 'in memory' : `in ${values.data}`
    process.stdout.write(`Broker answers at ${values.host}:${bound.port}, data ${where}; Ctrl-C stops it\n`)
    await stopped
  } finally {
    await broker.close()
  }
  return 0
}

await runCommand(main, HELP)
