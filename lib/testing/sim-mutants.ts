/**
 * Engines with one known mistake each, to show that the simulation would see it. A mutant is a change of source text, made in
 * a copy of the compiled library; the engine has no switch for it. Where the text is gone, `--mutants` says so and stops.
 */

export interface Edit {
  readonly file: string
  /** It is there exactly once. */
  readonly find: string
  readonly replace: string
}

export interface Mutant {
  readonly name: string
  /** The invariant it breaks, as the design numbers them. */
  readonly guards: string
  /** What its seeds are about. */
  readonly variant: string
  readonly edits: readonly Edit[]
  /** A test of the rule by itself, which fails with it too. */
  readonly unit?: string
}

const MEMBERSHIP = 'lib/runtime/membership/membership.ts'
const ASSIGN = 'lib/runtime/membership/assign.ts'
const TAKE_OVER = 'lib/runtime/take-over.ts'
const FACTS = 'lib/runtime/changelog-facts.ts'
const RESTORE = 'lib/runtime/restore.ts'
const DECISION = 'lib/runtime/restore-decision.ts'
const INSTANCE = 'lib/runtime/instance.ts'
const TASK_SET = 'lib/runtime/task-set.ts'
const REQUESTS = 'lib/client/transaction-requests.ts'
const TRANSACTIONS = 'lib/client/transaction-manager.ts'
const COORDINATOR = 'lib/broker/transaction-coordinator.ts'
const SESSIONS = 'lib/operators/session-aggregate.ts'
const FAILURES = 'lib/task/failures.ts'
const MEMBERSHIP_TEST = 'test/runtime/membership/membership.test.ts'
const DECISIONS_TEST = 'test/runtime/decisions.test.ts'
const ASSIGN_TEST = 'test/runtime/membership/assign.test.ts'

function mutant(
  name: string,
  guards: string,
  variant: string,
  edits: readonly (readonly [file: string, find: string, replace: string])[],
  unit?: string,
): Mutant {
  const made = edits.map(([file, find, replace]) => ({ file, find, replace }))
  return { name, guards, variant, edits: made, ...(unit !== undefined && { unit }) }
}

/** What is processed, committed and put out. */
const OUTPUT: readonly Mutant[] = [
  mutant('no requireStable on take-over', 'I1', 'dynamic', [
    [TAKE_OVER, '{ requireStable: true }', '{ requireStable: false }'],
  ]),
  mutant(
    'a missed generation taken for none',
    'I1',
    'quiet,missed-generation',
    [[MEMBERSHIP, '(step === 0 || step === 1)', 'step >= 0']],
    MEMBERSHIP_TEST,
  ),
  mutant(
    'a task has no ownership number',
    'I1',
    'slow-open,slow-restore,dynamic,quiet',
    [[MEMBERSHIP, 'return tasks.get(taskId)?.number === number', 'return tasks.has(taskId)']],
    MEMBERSHIP_TEST,
  ),
  mutant('a record is tried again while a commit is in flight', 'I1', 'retry,slow-network,steady', [
    [INSTANCE, 'if (this.#retryWanted !== null && !this.#committer.inFlight)', 'if (this.#retryWanted !== null)'],
  ]),
  mutant('EndTxn repeated after a lost answer', 'I1', 'quiet,steady,late-requests', [
    [
      REQUESTS,
      "{ request: 'EndTxn', resource: this.resource }",
      "{ request: 'EndTxn', resource: this.resource, unansweredToo: true }",
    ],
  ]),
  mutant(
    'an unknown outcome taken for an abort',
    'I1',
    'base',
    [['lib/runtime/commit-failure.ts', "outcome.kind === 'aborted' ? 'rewind' : 'takeOver'", "'rewind'"]],
    DECISIONS_TEST,
  ),
  mutant('offsets by a member that has no name', 'I1', 'base', [
    [
      REQUESTS,
      'const { groupId, memberId, generationId, groupInstanceId } = identity',
      "const { groupId, memberId, generationId, groupInstanceId } = { ...identity, memberId: '', generationId: -1, groupInstanceId: null }",
    ],
  ]),
  mutant('repartition topics follow offsetReset', 'I1', 'small,latest,early-kill', [
    ['lib/runtime/plan.ts', "if (this.repartitionTopics().includes(topic)) return 'earliest'\n", ''],
  ]),
]

/** Stores, their changelogs and their disks. */
const STATE: readonly Mutant[] = [
  mutant('restore one record short', 'I2', 'dynamic,slow-restore', [
    [FACTS, 'logEnd: ends.get(name)!', 'logEnd: ends.get(name)! - 2'],
  ]),
  mutant('restore to the last stable offset', 'I2', 'quiet,dynamic,slow-markers', [
    [
      FACTS,
      "listOffsets(partitions, 'latest', 'readUncommitted')",
      "listOffsets(partitions, 'latest', 'readCommitted')",
    ],
  ]),
  mutant('a restore takes no deletions', 'I2', 'dynamic', [
    [
      RESTORE,
      '          if (key === null) continue\n',
      '          if (key === null || cursor.value() === null) continue\n',
    ],
  ]),
  mutant('an overlay kept on abort', 'I2', 'broker-errors', [
    [
      'lib/state/task-state.ts',
      'for (const overlay of store.overlays) overlay.commitAborted()',
      'for (const overlay of store.overlays) { overlay.commitSucceeded(); overlay.commitAborted() }',
    ],
  ]),
  mutant('the checkpoint before its data', 'I2', 'small,quiet,power-cuts', [
    [
      'lib/state/state-disk.ts',
      '      await this.engine.write(writes, { sync })',
      '      await this.engine.write(writes.splice(-1), { sync })\n      await this.engine.write(writes, { sync })',
    ],
  ]),
  mutant(
    'a log start after the checkpoint ignored',
    'I2',
    'quiet,away',
    [
      [DECISION, 'checkpoint.offset < logStart', 'checkpoint.offset < 0'],
      [DECISION, 'from: checkpoint.offset }', 'from: Math.max(checkpoint.offset, logStart) }'],
    ],
    DECISIONS_TEST,
  ),
]

/** The group: offsets, owners, rebalances. */
const GROUP: readonly Mutant[] = [
  mutant('a take-over begins at the start', 'I3', 'small,dynamic', [
    [TAKE_OVER, '{ ...found, isReset: false }', '{ ...found, offset: 0, isReset: false }'],
  ]),
  // The offset before is that of a marker, mostly.
  mutant('a rewind goes one record too far back', 'I3', 'small,steady,retry', [
    [
      TASK_SET,
      'this.#committedOffsets.set(formatTopicPartition(topic, partition), offset)',
      'this.#committedOffsets.set(formatTopicPartition(topic, partition), Math.max(0, offset - 2))',
    ],
  ]),
  mutant('offsets that go back when something is written', 'I3', 'small,base', [
    [
      'lib/task/input.ts',
      'offsets.push({ topic, partition, offset: position,',
      'offsets.push({ topic, partition, offset: Math.max(0, position - 1),',
    ],
  ]),
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
    ASSIGN_TEST,
  ),
  mutant(
    'everything for everybody',
    'I4',
    'small,base',
    [[ASSIGN, 'partitions: partitions.get(memberId) ?? []', 'partitions: [...partitions.values()].flat()']],
    ASSIGN_TEST,
  ),
  mutant('two versions do not exclude each other', 'I4', 'incompatible-version', [
    [
      ASSIGN,
      'if (!chosen.some(({ planned }) => excludes(planned, candidate.planned))) chosen.push(candidate)',
      'chosen.push(candidate)',
    ],
  ]),
  mutant('a partition is read on after it was taken away', 'I4', 'dynamic,quiet', [
    [TASK_SET, '        this.#options.fetcher.remove({ topic, partition })\n', ''],
  ]),
  mutant(
    'a rebalance waits until nothing is pending',
    'I8',
    'small,steady,dynamic,quiet',
    [
      [
        MEMBERSHIP,
        "const flush = state.group === 'wanted' && pending && !state.holding",
        'const flush = pending && !state.holding',
      ],
    ],
    MEMBERSHIP_TEST,
  ),
  mutant(
    'a member that nobody can read stops the others',
    'I8',
    'small,foreigner,quiet',
    [[ASSIGN, '      unreadable(error)\n', '      throw error\n']],
    ASSIGN_TEST,
  ),
  mutant('nothing to collect stays pending', 'I8', 'quiet,close-on-error', [
    [
      'lib/runtime/committer.ts',
      '    this.forget()\n    if (parts.length === 0) return 0\n',
      '    if (parts.length === 0) return 0\n    this.forget()\n',
    ],
  ]),
  mutant('markers leave a lag behind', 'I8', 'small,base', [
    [INSTANCE, 'if (drained && !this.#committer.pending && tasks.moved()) this.#committer.noteWork()', ''],
  ]),
]

/** Transactions as readers and the broker see them. The broker's own mistakes are here too: I7 and I9 are its promises. */
const TRANSACTIONAL: readonly Mutant[] = [
  mutant('no aborted filter', 'I5', 'small,base', [
    [
      'lib/client/aborted-filter.ts',
      'if (aborted === null || aborted.length === 0) return',
      'if (aborted !== undefined) return',
    ],
  ]),
  mutant('reads what is not committed', 'I5', 'small,base', [
    [
      'lib/client/fetch-request.ts',
      "isolationLevel: limits.isolation === 'readCommitted' ? 1 : 0",
      'isolationLevel: 0',
    ],
  ]),
  mutant('a marker does not end its transaction', 'I5', 'small,base', [
    [
      'lib/client/aborted-filter.ts',
      'if (batch.isControl) open.delete(batch.producerId)',
      'if (batch.isControl) continue',
    ],
  ]),
  mutant('a session is final twice', 'I6', 'small,base', [
    [SESSIONS, 'const firstEndMs = previousMs < 0 ? 0 : Math.max(0, previousMs - waitMs)', 'const firstEndMs = 0'],
  ]),
  mutant('a session closes without its grace', 'I6', 'small,base', [
    [SESSIONS, 'closedSessions(store, gapMs + graceMs, context)', 'closedSessions(store, gapMs, context)'],
  ]),
  mutant('a late record opens a closed session', 'I6', 'small,base', [
    [SESSIONS, 'if (endMs < closedMs) {', 'if (endMs < 0) {'],
  ]),
  mutant('the broker takes what a fenced producer writes', 'I7', 'quiet,steady,late-requests', [
    [
      'lib/broker/producer-states.ts',
      'batch.producerEpoch < state.epoch) return KAFKA_ERROR.INVALID_PRODUCER_EPOCH',
      'batch.producerEpoch < state.epoch) return KAFKA_ERROR.NONE',
    ],
    [
      'lib/broker/append.ts',
      'if (known !== undefined && batch.producerEpoch < known.epoch) return E.INVALID_PRODUCER_EPOCH',
      'if (known !== undefined && batch.producerEpoch < known.epoch) return E.NONE',
    ],
  ]),
  mutant('a new producer has the epoch of the one before', 'I7', 'quiet,steady,late-requests', [
    [
      COORDINATOR,
      '      txn.lastEpoch = -1\n      txn.epoch += 1\n',
      '      txn.lastEpoch = -1\n      txn.epoch += txn.epoch < 0 ? 1 : 0\n',
    ],
    [
      COORDINATOR,
      '    txn.lastEpoch = txn.epoch\n    txn.epoch += 1\n    return this.prepare',
      '    return this.prepare',
    ],
  ]),
  mutant('a write that may still be on its way ends with its transaction', 'I7', 'quiet,steady,late-requests', [
    [TRANSACTIONS, '    if (this.doubtful) return this.abortByInit(cause)\n', ''],
  ]),
  mutant('an open transaction has no end', 'I9', 'small,quiet,cut-transactions', [
    [COORDINATOR, 'txn.startMs + txn.timeoutMs < nowMs', 'txn.startMs + 1e9 < nowMs'],
  ]),
  mutant('a transaction may be open for an hour', 'I9', 'small,quiet,cut-transactions', [
    [
      TRANSACTIONS,
      'await this.requests.initProducerId(this.transactionTimeoutMs)',
      'await this.requests.initProducerId(900_000)',
    ],
  ]),
  mutant('a producer that comes back leaves its transaction open', 'I9', 'small,quiet,cut-transactions', [
    [COORDINATOR, "    if (txn.status === 'Ongoing') return this.fenceAndAbort(txn)\n", ''],
  ]),
  mutant('a broker that starts again forgets the markers', 'I9', 'small,quiet,cut-decisions', [
    [
      COORDINATOR,
      "if (txn.status === 'PrepareCommit' || txn.status === 'PrepareAbort')\n        this",
      "if (txn.status === 'Empty')\n        this",
    ],
  ]),
]

/** What gathers, and what is lost without a word. */
const UPKEEP: readonly Mutant[] = [
  mutant('no pause between attempts', 'I11', 'small,leaders', [
    [
      'lib/client/retry.ts',
      'return Math.min(firstMs * 2 ** Math.min(attempts, 30), maxMs) * (0.8 + 0.4 * random.next())',
      'return 0 * (firstMs + maxMs + attempts + random.int(1))',
    ],
  ]),
  mutant('the purge of repartition topics goes on after the end', 'I11', 'small,base', [
    ['lib/runtime/purge.ts', 'return () => void purging.stop()', 'return () => void purging'],
  ]),
  mutant('a second start is accepted', 'I11', 'small,start-twice', [
    [
      'lib/streams.ts',
      "if (this.state !== 'created') {\n      throw new MillraceError('STREAMS_STATE', `an instance that is",
      "if (this.state === 'closed') {\n      throw new MillraceError('STREAMS_STATE', `an instance that is",
    ],
  ]),
  mutant('a late record goes without a letter', 'I12', 'small,base', [
    [FAILURES, '    this.#deadLetter(reason, node, origin, null)\n', ''],
  ]),
  mutant('a letter without its origin', 'I12', 'small,base', [[FAILURES, 'String(cursor.offset)', "'0'"]]),
  mutant('letters of an aborted transaction are remembered', 'I12', 'broker-errors', [
    [FAILURES, '    this.#lettered.clear()\n', ''],
  ]),
]

export const MUTANTS: readonly Mutant[] = [...OUTPUT, ...STATE, ...GROUP, ...TRANSACTIONAL, ...UPKEEP]
