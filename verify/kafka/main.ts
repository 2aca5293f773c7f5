/** `npm run kafka -- [--port N] [--data DIR] [--version V]`: one real Kafka broker, until it is stopped. */

import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from '../../lib/cli/command.js'
import { MillraceError } from '../../lib/errors.js'
import { KAFKA_VERSION, startKafka } from './broker.js'

/** Says where the broker of this working directory is; a test run by hand uses it instead of starting its own. */
const ADDRESS_FILE = join('.kafka', 'dev.json')

const HELP = `npm run kafka -- [options]
Runs one real Kafka broker until Ctrl-C, with Docker, or with Java 17 and Maven.

  --port N      the port; default 9092
  --data DIR    the folder for the data; default ${join('.kafka', 'data')}
  --version V   Kafka's version; default ${KAFKA_VERSION}
`

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '9092' },
      data: { type: 'string', default: join('.kafka', 'data') },
      version: { type: 'string', default: KAFKA_VERSION },
    },
  })
  const port = Number(values.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new MillraceError('CONFIG_INVALID', `--port ${values.port} is not a port: give a number from 1 to 65535`)
  }
  const kafka = await startKafka({ port, dataDir: values.data, version: values.version })
  const address = `${JSON.stringify({ bootstrap: kafka.bootstrap, pid: process.pid })}\n`
  await mkdir('.kafka', { recursive: true })
  await writeFile(ADDRESS_FILE, address)
  process.stdout.write(`Kafka ${values.version} (${kafka.from}) answers at ${kafka.bootstrap}; Ctrl-C stops it\n`)
  let asked = false
  const stop = () => {
    asked = true
    void kafka.stop()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  const code = await kafka.exited
  // Another broker started in the same folder may have written its own address since.
  if ((await readFile(ADDRESS_FILE, 'utf8').catch(() => '')) === address) await rm(ADDRESS_FILE, { force: true })
  if (asked) return 0
  throw new MillraceError('KAFKA_START_FAILED', `Kafka ended by itself with exit code ${code}; read its broker.log`)
}

await runCommand(main, HELP)
