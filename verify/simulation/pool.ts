/** Threads that run seeds: one per core. A thread that does not answer is ended, and its seed counts as failed. */
import { cpus } from 'node:os'
import { Worker } from 'node:worker_threads'
import { systemClock } from '../../lib/record/clock.js'
import type { SimAnswer, SimTask } from './worker.js'

const MAX_WORKERS = 8
/** User code or the engine goes round in a circle without letting time pass: no seed takes this long otherwise. */
const STUCK_MS = 300_000

/** `heard` gets null for a task whose thread is stuck. `script`: the worker to start. */
export async function spread(
  tasks: readonly SimTask[],
  script: URL,
  heard: (answer: SimAnswer | null, task: SimTask) => void,
): Promise<void> {
  let next = 0
  const workers = Math.min(threads(), tasks.length)
  const serve = async () => {
    for (let task = tasks[next++]; task !== undefined; ) {
      const worker = new Worker(script)
      try {
        // As long as it answers, a thread continues with the next.
        while (task !== undefined) {
          const answer = await ask(worker, task, STUCK_MS)
          heard(answer, task)
          task = tasks[next++]
          if (answer === null) break
        }
      } finally {
        await worker.terminate()
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, serve))
}

/** How many there should be at once. */
export function threads(): number {
  return Math.min(cpus().length, MAX_WORKERS)
}

/** Null when there is no answer after `stuckMs`. */
export function ask(worker: Worker, task: SimTask, stuckMs: number): Promise<SimAnswer | null> {
  return new Promise((resolve, reject) => {
    const cancel = systemClock.setTimer(stuckMs, () => done(() => resolve(null)))
    const done = (settle: () => void) => {
      cancel()
      worker.off('message', heard)
      worker.off('error', failed)
      settle()
    }
    const heard = (answer: SimAnswer) => done(() => resolve(answer))
    const failed = (error: unknown) => done(() => reject(error))
    worker.on('message', heard)
    worker.on('error', failed)
    worker.postMessage(task)
  })
}
