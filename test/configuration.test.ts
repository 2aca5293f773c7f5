import { readFileSync } from 'node:fs'
import t from 'tap'
import { resolveConfig } from '../lib/config.js'

t.test('docs/configuration.md names every option, and no other', async (t) => {
  const text = readFileSync('docs/configuration.md', 'utf8').split('## Connection')[0]!
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const documented = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  t.same(documented.sort(), Object.keys(resolveConfig({ applicationId: 'a' })).sort())
})

t.test('docs/configuration.md names every option of the connection, and no other', async (t) => {
  const text = readFileSync('docs/configuration.md', 'utf8').split('## Connection')[1]!.split('\n## ')[0]!
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const documented = rows.flatMap((row) => [...row.split('|')[1]!.matchAll(/`(\w+)`/g)].map(([, name]) => name))
  const declared = (path: string, start: string) =>
    [
      ...readFileSync(path, 'utf8')
        .split(start)[1]!
        .split(/^ *\}/m)[0]!
        .matchAll(/readonly (\w+)\?:/g),
    ].map(([, name]) => name)
  const options = [
    ...declared('lib/client/connect.ts', 'interface ConnectionOptions'),
    ...declared('lib/streams.ts', 'type StreamsSettings'),
  ]
  const ofStreams = Object.keys(resolveConfig({ applicationId: 'a' }))
  t.same(documented.sort(), options.filter((name) => !ofStreams.includes(name!)).sort())
})

t.test('a wrong option is named, with what it may be', async (t) => {
  const rows: [options: object, message: RegExp][] = [
    [{}, /applicationId/],
    [{ applicationId: 'with space' }, /applicationId/],
    [{ applicationId: 'a', comitIntervalMs: 5 }, /comitIntervalMs is not an option.*commitIntervalMs/],
    [{ applicationId: 'a', commitIntervalMs: 1.5 }, /commitIntervalMs is 1.5.*whole number/],
    [{ applicationId: 'a', commitLatencyMs: 200 }, /commitLatencyMs.*commitIntervalMs/],
    [{ applicationId: 'a', commitIntervalMs: 20_000 }, /transactionTimeoutMs/],
    [
      { applicationId: 'a', heartbeatIntervalMs: 16_000 },
      /heartbeatIntervalMs is more than a third of sessionTimeoutMs/,
    ],
    [{ applicationId: 'a', sessionTimeoutMs: 6_000, heartbeatIntervalMs: 3_000 }, /heartbeatIntervalMs/],
    [{ applicationId: 'a', maxPollIntervalMs: 0 }, /maxPollIntervalMs is 0.*>= 1000/],
    [{ applicationId: 'a', processingGuarantee: 'exactly_once' }, /exactlyOnce, atLeastOnce/],
    [{ applicationId: 'a', onProcessingError: 'deadLetter' }, /deadLetterTopic/],
    [{ applicationId: 'a', handleGlobalErrors: 'yes' }, /handleGlobalErrors is yes.*true or false/],
    [{ applicationId: 'a', fetchMinBytes: -1 }, /fetchMinBytes is -1.*>= 0/],
    [{ applicationId: 'a', commitWhenDrained: 1 }, /commitWhenDrained is 1.*true or false/],
    [{ applicationId: 'a', onProcessingError: 'retry' }, /fail, deadLetter, skip, or a function/],
    ...['.', '..', '', 5, 'x'.repeat(201)].map((id): [object, RegExp] => [{ applicationId: id }, /applicationId/]),
    [{ applicationId: 'a', toString: 5 }, /toString is not an option/],
    ...['', ' ', 5, true, {}, [], 'a\0b'].map((folder): [object, RegExp] => [
      { applicationId: 'a', stateDir: folder },
      /stateDir is .*: name a folder, or null/,
    ]),
    ...['', 'a b', '..', 5, {}, 'x'.repeat(250)].map((topic): [object, RegExp] => [
      { applicationId: 'a', deadLetterTopic: topic },
      /deadLetterTopic is .*topic name/,
    ]),
    ...[null, {}, 'debug', { info() {} }].map((log): [object, RegExp] => [
      { applicationId: 'a', log },
      /log has no function debug/,
    ]),
    [{ applicationId: 'a', clock: Date }, /clock has no function monotonicMs/],
    [{ applicationId: 'a', random: Math.random }, /random has no function next/],
    [{ applicationId: 'a', replicationFactor: 0 }, /replicationFactor is 0.*-1/],
    [{ applicationId: 'a', replicationFactor: 40_000 }, /<= 32767/],
    [{ applicationId: 'a', commitIntervalMs: '100' }, /commitIntervalMs is "100"/],
    ...['sessionTimeoutMs', 'transactionTimeoutMs', 'maxPollIntervalMs', 'requestTimeoutMs', 'rebalanceTimeoutMs'].map(
      (name): [object, RegExp] => [
        { applicationId: 'a', [name]: 2 ** 31 },
        /use a whole number >= \d+ and <= 2147483647/,
      ],
    ),
  ]
  for (const [options, message] of rows) {
    t.throws(() => resolveConfig(options as never), { code: 'CONFIG_INVALID', message })
  }
  t.equal(resolveConfig({ applicationId: 'a', commitIntervalMs: 10 }).commitLatencyMs, 10, 'the default gives way')
  t.ok(Object.isFrozen(resolveConfig({ applicationId: 'a' })))
})

t.test('times that follow others, unless they are given', async (t) => {
  const rows: [options: object, expected: object][] = [
    [
      {},
      { sessionTimeoutMs: 45_000, heartbeatIntervalMs: 1_000, maxPollIntervalMs: 300_000, rebalanceTimeoutMs: 300_000 },
    ],
    [{ sessionTimeoutMs: 1_000 }, { heartbeatIntervalMs: 333 }],
    [{ sessionTimeoutMs: 6_000, heartbeatIntervalMs: 100 }, { heartbeatIntervalMs: 100 }],
    [{ maxPollIntervalMs: 5_000 }, { rebalanceTimeoutMs: 5_000 }],
    [{ maxPollIntervalMs: 5_000, rebalanceTimeoutMs: 60_000 }, { rebalanceTimeoutMs: 60_000 }],
    [{ rebalanceTimeoutMs: undefined, heartbeatIntervalMs: undefined }, { rebalanceTimeoutMs: 300_000 }],
  ]
  for (const [options, expected] of rows) t.match(resolveConfig({ applicationId: 'a', ...options }), expected)
})
