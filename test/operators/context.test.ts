/** Operators name the parts of their task they use; only what passes all of it on names all of it. */
import t from 'tap'
import { sourceFiles } from '../source-files.js'

t.test('no operator takes more of its task than it names', async (t) => {
  const whole = sourceFiles('lib/operators')
    .filter(({ code }) => /\bOperatorContext\b/.test(code))
    .map(({ path }) => path)
  t.same(whole, ['lib/operators/context.ts', 'lib/operators/index.ts', 'lib/operators/wrapped.ts'])
})
