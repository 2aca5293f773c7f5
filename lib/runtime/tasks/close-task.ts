/** Closes a task: first user code, then its state, which is closed even if user code throws. */
import type { CloseState } from '../../state/state-options.js'
import type { TaskState } from '../../state/task-state.js'
import type { Task } from '../../task/task.js'

/** @throws MillraceError HANDLER_FAILED of user code once the state is closed; what the state raises */
export async function closeTask(task: Task<TaskState>, options: CloseState): Promise<void> {
  task.commitAborted()
  try {
    task.close()
  } finally {
    await task.state.close(options)
  }
}
