import t from 'tap'
import { evaluation, experimentOf } from '../../../../lib/personalization/doors/ofrep/evaluation.js'
import { EXPERIMENTS } from '../../../../lib/personalization/experiments/experiment.js'

t.test('every experiment is a flag', async (t) => {
  t.equal(new Set(EXPERIMENTS.map(({ name }) => name)).size, EXPERIMENTS.length)
  for (const experiment of EXPERIMENTS) t.equal(experimentOf(experiment.name), experiment)
  t.equal(experimentOf('no-such-experiment'), undefined)
})

t.test('an arm is a split; the hold-out is static and has the arm without the change', async (t) => {
  const [experiment] = EXPERIMENTS
  const rows = [
    ['control', false, 'control', 'control', 'SPLIT'],
    ['treatment', false, 'treatment', 'treatment', 'SPLIT'],
    ['control', true, 'control', 'hold-out', 'STATIC'],
    ['treatment', true, 'control', 'hold-out', 'STATIC'],
  ] as const
  for (const [arm, isHeldOut, value, variant, reason] of rows) {
    t.same(evaluation(experiment!, { arm, isHeldOut }), {
      ...{ key: 'carousel-algorithm', value, variant, reason },
      metadata: { decision: 'carousel', holdOut: isHeldOut },
    })
  }
})
