/** What the native stores and the operating system say in words, sorted: a row for each. */
import t from 'tap'
import { MillraceError } from '../../lib/errors.js'
import { coded } from '../../lib/state/engine/native/native-errors.js'

const ROWS: readonly [said: string, doing: string, code: string, retriable?: true][] = [
  ['Corruption: block checksum mismatch', 'get', 'STATE_DAMAGED'],
  ['Corruption: 1 missing files; e.g.: /s/0_0/000005.ldb', 'open', 'STATE_DAMAGED'],
  ['IO error: /s/0_0/000005.ldb: Invalid argument', 'write', 'STATE_DAMAGED'],
  ['IO error: /s/0_0/000005.ldb: Input/output error', 'get', 'STATE_DAMAGED'],
  ['IO error: /s/0_0/MANIFEST-000004: No such file or directory', 'open', 'STATE_DAMAGED'],
  ['IO error: /s/0_0/LOCK: Is a directory', 'open', 'STATE_DAMAGED'],
  ['ENOTDIR: not a directory, scandir', 'list', 'STATE_DAMAGED'],
  ['something nobody has heard of', 'scan', 'STATE_DAMAGED'],
  ['something nobody has heard of', 'write', 'STATE_UNWRITABLE'],
  ['IO error: /s/0_0/000006.log: No space left on device', 'write', 'STATE_DISK_FULL', true],
  ['ENOSPC: no space left on device, mkdir', 'open', 'STATE_DISK_FULL', true],
  ['IO error: /s/0_0/000006.log: Disk quota exceeded', 'write', 'STATE_DISK_FULL', true],
  ['IO error: /s/0_0/000005.ldb: Too many open files', 'get', 'STATE_FILE_LIMIT', true],
  ['EMFILE: too many open files, open', 'open', 'STATE_FILE_LIMIT', true],
  ['IO error: /s/0_0/LOCK: Permission denied', 'open', 'STATE_UNWRITABLE'],
  ['EROFS: read-only file system, mkdir', 'open', 'STATE_UNWRITABLE'],
]

t.test('errors of native stores by what they say', async (t) => {
  for (const [said, doing, code, retriable = false] of ROWS) {
    t.match(coded(new Error(said), '0_0', doing), { code, retriable, taskId: '0_0' }, `${doing}: ${said}`)
    t.match(coded(new Error('failed', { cause: new Error(said) }), '0_0', doing), { code, retriable }, 'as a cause')
  }
})

t.test('and by their codes', async (t) => {
  const rows: [code: string, expected: string][] = [
    ['LEVEL_LOCKED', 'STATE_LOCKED'],
    ['LEVEL_CORRUPTION', 'STATE_DAMAGED'],
    ['LEVEL_DATABASE_NOT_OPEN', 'STATE_CLOSED'],
    ['LEVEL_ITERATOR_NOT_OPEN', 'STATE_CLOSED'],
    ['LEVEL_BATCH_NOT_OPEN', 'STATE_CLOSED'],
  ]
  for (const [code, expected] of rows) {
    t.equal(coded(Object.assign(new Error('some text'), { code }), '0_0', 'open').code, expected)
  }
  const known = new MillraceError('STATE_LOCKED', 'known')
  t.equal(coded(known, '0_0', 'open'), known)
})
