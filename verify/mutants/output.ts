/** Mistakes in processing, commits and output. */
import { type Mutant, mutant } from './mutant.js'

const MEMBERSHIP = 'lib/runtime/membership/membership.ts'
const TAKE_OVER = 'lib/runtime/tasks/take-over.ts'
const REQUESTS = 'lib/client/transaction/requests.ts'

export const OUTPUT: readonly Mutant[] = [
  mutant(
    'no requireStable on take-over',
    'I1',
    'dynamic',
    [[TAKE_OVER, '{ requireStable: true }', '{ requireStable: false }']],
    'runtime/rules',
  ),
  mutant(
    'a missed generation taken for none',
    'I1',
    'quiet,missed-generation',
    [[MEMBERSHIP, '(step === 0 || step === 1)', 'step >= 0']],
    'runtime/membership/membership',
  ),
  mutant(
    'a task has no ownership number',
    'I1',
    'slow-open,slow-restore,dynamic,quiet',
    [
      [
        'lib/runtime/membership/ownership.ts',
        'return tasks.get(taskId)?.number === number',
        'return tasks.has(taskId)',
      ],
    ],
    'runtime/membership/membership',
  ),
  mutant(
    'a record is tried again while a commit is in flight',
    'I1',
    'retry,slow-network,steady',
    [[MEMBERSHIP, 'if (state.retry === null || event.inFlight)', 'if (state.retry === null)']],
    'runtime/ownership',
  ),
  mutant(
    'EndTxn repeated after a lost answer',
    'I1',
    'quiet,steady,late-requests',
    [
      [
        REQUESTS,
        "{ request: 'EndTxn', resource: this.#resource }",
        "{ request: 'EndTxn', resource: this.#resource, unansweredToo: true }",
      ],
    ],
    'client/transaction-manager',
  ),
  mutant(
    'an unknown outcome taken for an abort',
    'I1',
    'base',
    [['lib/runtime/commit/failed-commit.ts', "outcome.kind === 'aborted' ? 'rewind' : 'takeOver'", "'rewind'"]],
    'runtime/commit-failure',
  ),
  mutant(
    'offsets by a member that has no name',
    'I1',
    'base',
    [
      [
        REQUESTS,
        'const { groupId, memberId, generationId, groupInstanceId } = identity',
        "const { groupId, memberId, generationId, groupInstanceId } = { ...identity, memberId: '', generationId: -1, groupInstanceId: null }",
      ],
    ],
    'client/transaction-manager',
  ),
  mutant(
    'repartition topics follow offsetReset',
    'I1',
    'small,latest,early-kill',
    [
      [
        'lib/runtime/topics/resolved-topology.ts',
        "if (this.repartitionTopics().includes(topic)) return 'earliest'\n",
        '',
      ],
    ],
    'runtime/offset-reset',
  ),
]
