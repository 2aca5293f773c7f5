/** Mistakes in stores, their changelogs and their disks. */
import { type Mutant, mutant } from './mutant.js'

const FACTS = 'lib/runtime/restore/changelog-facts.ts'
const RESTORE = 'lib/runtime/restore/restore.ts'
const DECISION = 'lib/runtime/restore/restore-decision.ts'

export const STATE: readonly Mutant[] = [
  mutant(
    'restore one record short',
    'I2',
    'dynamic,slow-restore',
    [[FACTS, 'logEnd: ends.get(name)!', 'logEnd: ends.get(name)! - 2']],
    'runtime/rules',
  ),
  mutant(
    'restore to the last stable offset',
    'I2',
    'quiet,dynamic,slow-markers',
    [
      [
        FACTS,
        "listOffsets(partitions, 'latest', 'readUncommitted')",
        "listOffsets(partitions, 'latest', 'readCommitted')",
      ],
    ],
    'runtime/rules',
  ),
  mutant(
    'a restore takes no deletions',
    'I2',
    'dynamic',
    [
      [
        RESTORE,
        '          if (key === null) continue\n',
        '          if (key === null || cursor.value() === null) continue\n',
      ],
    ],
    'runtime/rules',
  ),
  mutant(
    'a deletion is not logged',
    'I2',
    'small,quiet',
    [
      [
        'lib/state/task-state.ts',
        '              if (leavesNoTrace(cell, times)) return\n',
        '              if (held === null || leavesNoTrace(cell, times)) return\n',
      ],
    ],
    'state/task-state',
  ),
  mutant(
    'an overlay kept on abort',
    'I2',
    'broker-errors',
    [
      [
        'lib/state/task-state.ts',
        'for (const overlay of store.overlays) overlay.commitAborted()',
        'for (const overlay of store.overlays) { overlay.commitSucceeded(); overlay.commitAborted() }',
      ],
    ],
    'state/abort',
  ),
  mutant(
    'the checkpoint before its data',
    'I2',
    'small,quiet,power-cuts',
    [
      [
        'lib/state/state-disk.ts',
        '      await this.engine.write(writes, { sync })',
        '      await this.engine.write(writes.splice(-1), { sync })\n      await this.engine.write(writes, { sync })',
      ],
    ],
    'state/task-state',
  ),
  mutant(
    'a log start after the checkpoint ignored',
    'I2',
    'quiet,away',
    [
      [DECISION, 'checkpoint.offset < logStart', 'checkpoint.offset < 0'],
      [DECISION, 'from: checkpoint.offset }', 'from: Math.max(checkpoint.offset, logStart) }'],
    ],
    'runtime/restore/restore-decision',
  ),
]
