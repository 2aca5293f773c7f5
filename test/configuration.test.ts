import { readFileSync } from 'node:fs'
import t from 'tap'
import { resolveConfig } from '../lib/config.js'

t.test('docs/configuration.md names every option, and no other', async (t) => {
  const text = readFileSync('docs/configuration.md', 'utf8').split('## Connection')[0]!
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const documented = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  t.same(documented.sort(), Object.keys(resolveConfig({ applicationId: 'a' })).sort())
})

t.test('a wrong option is named, with what it may be', async (t) => {
  const rows: [options: object, message: RegExp][] = [
    [{}, /applicationId/],
    [{ applicationId: 'with space' }, /applicationId/],
    [{ applicationId: 'a', comitIntervalMs: 5 }, /comitIntervalMs is not an option.*commitIntervalMs/],
    [{ applicationId: 'a', commitIntervalMs: 1.5 }, /commitIntervalMs is 1.5.*whole number/],
    [{ applicationId: 'a', commitLatencyMs: 200 }, /commitLatencyMs.*commitIntervalMs/],
    [{ applicationId: 'a', commitIntervalMs: 20_000 }, /transactionTimeoutMs/],
    [{ applicationId: 'a', heartbeatIntervalMs: 5_000 }, /heartbeatIntervalMs/],
    [{ applicationId: 'a', processingGuarantee: 'exactly_once' }, /exactlyOnce, atLeastOnce/],
    [{ applicationId: 'a', onProcessingError: 'deadLetter' }, /deadLetterTopic/],
    [{ applicationId: 'a', handleGlobalErrors: 'yes' }, /handleGlobalErrors is yes.*true or false/],
    [{ applicationId: 'a', onProcessingError: 'retry' }, /fail, deadLetter, skip, or a function/],
  ]
  for (const [options, message] of rows) {
    t.throws(() => resolveConfig(options as never), { code: 'CONFIG_INVALID', message })
  }
  t.equal(resolveConfig({ applicationId: 'a', commitIntervalMs: 10 }).commitLatencyMs, 10, 'the default gives way')
  t.ok(Object.isFrozen(resolveConfig({ applicationId: 'a' })))
})
