/** Every benchmark: it loads, its flags are on its page, and what it does not know is refused. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { chosenSuite, SUITES } from '../../bench/index.js'

const page = readFileSync('docs/benchmarks.md', 'utf8')

for (const name of Object.keys(SUITES)) {
  t.test(name, async (t) => {
    const { suite, values } = await chosenSuite([name])
    const row = page.split('\n').find((line) => line.includes(`npm run bench -- ${name} `))
    t.ok(row !== undefined, 'its page has a row')
    for (const [flag, byDefault] of Object.entries(suite.flags)) {
      if (flag !== 'seed') t.match(row, `--${flag} `)
      if (byDefault === null) t.throws(() => values.text(flag), { code: 'CONFIG_INVALID', message: /is missing/ })
      else t.equal(values.text(flag), byDefault)
      t.equal((await chosenSuite([name, `--${flag}`, '7'])).values.whole(flag, 1), 7)
    }
    await t.rejects(chosenSuite([name, '--other', '7']), /--other/)
    await t.rejects(chosenSuite([name, 'more']), /more/)
  })
}

t.test('a suite that does not exist, and a number that is none', async (t) => {
  for (const args of [[], ['nothing'], ['constructor']]) {
    await t.rejects(chosenSuite(args), { code: 'CONFIG_INVALID', message: /bench takes one suite of count, / })
  }
  for (const records of ['999', '1.5', 'many', '1e999']) {
    const { values } = await chosenSuite(['count', '--records', records])
    t.throws(() => values.whole('records', 1_000), { code: 'CONFIG_INVALID', message: /whole number >= 1000/ })
  }
})
