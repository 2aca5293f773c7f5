/** Closes the parts of an instance. */

/** Last opened, first closed. One part that does not close must not keep the others, and their locks, open. */
export async function closeParts(closing: readonly (() => Promise<unknown> | unknown)[]): Promise<void> {
  const failed: unknown[] = []
  for (const close of closing.toReversed()) {
    try {
      await close()
    } catch (error) {
      failed.push(error)
    }
  }
  if (failed.length > 0) throw failed[0]
}
