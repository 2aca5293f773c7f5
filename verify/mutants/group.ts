/** Mistakes in the group: offsets, owners, rebalances. */
import { type Mutant, mutant } from './mutant.js'

const ASSIGN = 'lib/runtime/membership/assign.ts'
const TAKE_OVER = 'lib/runtime/tasks/take-over.ts'
const TASK_INPUT = 'lib/runtime/tasks/source-partitions.ts'

export const GROUP: readonly Mutant[] = [
  mutant(
    'a take-over begins at the start',
    'I3',
    'small,dynamic',
    [[TAKE_OVER, '{ ...found, isReset: false }', '{ ...found, offset: 0, isReset: false }']],
    'runtime/take-over',
  ),
  // The offset before is that of a marker, mostly.
  mutant(
    'a rewind goes one record too far back',
    'I3',
    'small,steady,retry',
    [[TASK_INPUT, 'source.committedOffset = offset', 'source.committedOffset = Math.max(0, offset - 2)']],
    'runtime/rules',
  ),
  mutant(
    'offsets that go back when something is written',
    'I3',
    'small,base',
    [
      [
        'lib/task/input.ts',
        'offsets.push({ topic, partition, offset: position,',
        'offsets.push({ topic, partition, offset: Math.max(0, position - 1),',
      ],
    ],
    'task/order',
  ),
  mutant(
    'offsets on their way keep their generation',
    'I3',
    'quiet,at-least-once,late-requests',
    [['lib/runtime/commit/commit-group.ts', '        if (produced) anotherGeneration()\n', '']],
    'runtime/commit-group',
  ),
  mutant(
    'a member runs what nobody gave it',
    'I4',
    'small,quiet',
    [
      [
        'lib/runtime/membership/agreement.ts',
        'if (names.length === 0 || !names.every((name) => unused.has(name))) continue',
        'if (names.length === 0) continue',
      ],
    ],
    'runtime/membership/assign',
  ),
  mutant(
    'everything for everybody',
    'I4',
    'small,base',
    [[ASSIGN, 'partitions: partitions.get(memberId) ?? []', 'partitions: [...partitions.values()].flat()']],
    'runtime/membership/assign',
  ),
  mutant(
    'two versions do not exclude each other',
    'I4',
    'incompatible-version',
    [
      [
        ASSIGN,
        'if (!chosen.some(({ planned }) => excludes(planned, candidate.planned))) chosen.push(candidate)',
        'chosen.push(candidate)',
      ],
    ],
    'runtime/membership/assign',
  ),
  mutant(
    'a partition is read on after it was taken away',
    'I4',
    'dynamic,quiet',
    [[TASK_INPUT, '      this.#options.fetcher.remove({ topic, partition })\n', '']],
    'runtime/rules',
  ),
  mutant(
    'a rebalance waits until nothing is pending',
    'I8',
    'small,steady,dynamic,quiet',
    [
      [
        'lib/runtime/membership/group-phase.ts',
        "const flush = group.phase === 'wanted' && pending && !group.stale",
        'const flush = pending && !isStale(group)',
      ],
    ],
    'runtime/membership/membership',
  ),
  mutant(
    'a member that nobody can read stops the others',
    'I8',
    'small,foreigner,quiet',
    [[ASSIGN, '      unreadable(error)\n', '      throw error\n']],
    'runtime/membership/assign',
  ),
  mutant(
    'nothing to collect stays pending',
    'I8',
    'quiet,close-on-error',
    [
      [
        'lib/runtime/commit/committer.ts',
        '    this.forget()\n    if (parts.length === 0) return 0\n',
        '    if (parts.length === 0) return 0\n    this.forget()\n',
      ],
    ],
    'runtime/rules',
  ),
  mutant(
    'markers leave a lag behind',
    'I8',
    'small,base',
    [
      [
        'lib/runtime/commit/commits.ts',
        'if (drained && !this.#committer.pending && tasks.moved()) this.#committer.noteWork()',
        '',
      ],
    ],
    'runtime/past-markers',
  ),
]
