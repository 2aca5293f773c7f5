/** Task ids by their text, for tables of rows. */
import { parseTaskId, type TaskId } from '../../lib/record/task-id.js'

export function id(text: string): TaskId {
  const taskId = parseTaskId(text)
  if (taskId === null) throw new RangeError(text)
  return taskId
}

export const ids = (texts: readonly string[]): TaskId[] => texts.map(id)
