// TypeDoc reads sources through the compiler's JavaScript API, which TypeScript 7 no longer has: it gets TypeScript 6.

export function resolve(specifier, context, nextResolve) {
  return nextResolve(specifier === 'typescript' ? 'typescript-6' : specifier, context)
}
