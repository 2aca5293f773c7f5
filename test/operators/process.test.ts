/** `process` and `processValues`: the context, the key that must stay, the life of a processor. */
import t from 'tap'
import { Operated } from './operate.js'

t.test('a processor forwards to all children or to one, and is closed once', async (t) => {
  const calls: string[] = []
  const operated = new Operated({
    kind: 'process',
    fixedKey: false,
    supplier: (context) => ({
      init: () => void calls.push('init'),
      process({ key, value, timestamp }) {
        context.forward({ key: value, value: key, timestamp: timestamp + 1 })
        context.forward({ key, value, timestamp }, 'other')
      },
      close: () => void calls.push('close'),
    }),
  })
  operated.push(['k', 'v', 7])
  operated.operator.close?.()
  t.same(operated.out, [['v', 'k', 8]])
  t.same(operated.named, [['other', 'k', 'v', 7]])
  t.same(calls, ['init', 'close'])
})

t.test('processValues: a record with another key is refused', async (t) => {
  const operated = new Operated({
    kind: 'process',
    fixedKey: true,
    supplier: (context) => ({
      process({ key, value, timestamp }) {
        context.forward({ key: value === 'same' ? key : 'other', value, timestamp })
      },
    }),
  })
  operated.push(['k', 'same', 7])
  t.same(operated.out, [['k', 'same', 7]])
  t.throws(() => operated.push(['k', 'changes', 8]), { code: 'PROCESSOR_KEY_CHANGED' })
})

t.test('a processor that answers a promise is refused: nobody would wait for it', async (t) => {
  const operated = new Operated({
    kind: 'process',
    fixedKey: false,
    supplier: () => ({ process: () => Promise.resolve() as never }),
  })
  t.throws(() => operated.push(['k', 'v', 7]), TypeError)
})
