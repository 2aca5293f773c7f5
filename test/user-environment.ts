/** The environment a user's shell has: what a test runner adds for its own processes is not passed on. */

export function userEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && !/^(NODE_OPTIONS|TAP.*|_TAP.*)$/.test(name),
  )
  return { ...(Object.fromEntries(own) as Record<string, string>), ...more }
}
