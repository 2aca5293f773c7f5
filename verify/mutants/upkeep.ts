/** Mistakes in maintenance: growth, missing pauses, and records lost without an error. */
import { type Mutant, mutant } from './mutant.js'

const RECORD_ERRORS = 'lib/task/record-errors.ts'

export const UPKEEP: readonly Mutant[] = [
  mutant(
    'no pause between attempts',
    'I11',
    'small,leaders',
    [
      [
        'lib/client/retry.ts',
        'return Math.round(Math.min(firstMs * 2 ** Math.min(attempts, 30), maxMs) * (0.8 + 0.4 * random.next()))',
        'return 0 * (firstMs + maxMs + attempts + random.int(1))',
      ],
    ],
    'client/retry-loops',
  ),
  mutant(
    'a leader that is no broker is a leader',
    'I11',
    'small,unlisted-leader',
    [
      [
        'lib/client/cluster.ts',
        'if (this.#metadata.broker(leader) !== null) return leader',
        'if (leader >= 0) return leader',
      ],
    ],
    'client/retry-loops',
  ),
  mutant('the purge of repartition topics goes on after the end', 'I11', 'small,base', [
    ['lib/runtime/topics/purge.ts', 'return () => void purging.stop()', 'return () => void purging'],
  ]),
  mutant(
    'a second start is accepted',
    'I11',
    'small,start-twice',
    [
      [
        'lib/streams.ts',
        "if (this.state !== 'created') {\n      throw new MillraceError('STREAMS_STATE', `an instance that is",
        "if (this.state === 'closed') {\n      throw new MillraceError('STREAMS_STATE', `an instance that is",
      ],
    ],
    'runtime/close',
  ),
  mutant(
    'a late record goes without a letter',
    'I12',
    'small,base',
    [[RECORD_ERRORS, '    this.#letter(reason, node, origin, null)\n', '']],
    'task/record-errors',
  ),
  mutant(
    'a letter without its origin',
    'I12',
    'small,base',
    [['lib/task/dead-letters.ts', 'String(cursor.offset)', "'0'"]],
    'task/record-errors',
  ),
  mutant(
    'letters of an aborted transaction are remembered',
    'I12',
    'broker-errors',
    [[RECORD_ERRORS, '    this.#lettered.clear()\n', '']],
    'task/record-errors',
  ),
]
