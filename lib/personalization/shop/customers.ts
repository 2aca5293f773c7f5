/** The simulated shop's customers: how often each comes, their interests, and the profile that most of them have. */
import type { Random } from '../../index.js'
import type { CustomerProfile } from '../records/profile.js'
import { drawIndex, PROFILE_SHARE, runningSums } from './calibration.js'
import { CATEGORIES } from './names.js'
import { COUNTRIES, FIRST_NAMES, LAST_INITIALS } from './people.js'

export interface Customer {
  /** `u-00001` and up. */
  readonly userId: string
  readonly country: string
  /** One to three category ids, dearest first. */
  readonly interests: readonly string[]
  readonly profile: CustomerProfile | null
}

export interface Customers {
  readonly list: readonly Customer[]
  /** Running sums of how often each comes. */
  readonly activity: readonly number[]
}

/**
 * `count` customers. Those who come often are few: visits follow 1/(rank + 50)^0.7, so that over three days most people
 * come once or twice, as in the files; the shape is an assumption, since no file covers three days of one shop's users.
 */
export function shopCustomers(count: number, startMs: number, random: Random): Customers {
  const countrySums = runningSums(COUNTRIES.map(([, weight]) => weight))
  const list = Array.from({ length: count }, (_, i): Customer => {
    const userId = `u-${String(i + 1).padStart(5, '0')}`
    const country = COUNTRIES[drawIndex(countrySums, random.next())]![0]
    const interests = drawInterests(random)
    const name = `${FIRST_NAMES[random.int(FIRST_NAMES.length)]!} ${LAST_INITIALS[random.int(LAST_INITIALS.length)]!}.`
    const tier = random.next() < 0.15 ? 'plus' : 'standard'
    const daysAgo = 1 + random.int(700)
    const hasProfile = random.next() < PROFILE_SHARE
    const updatedAt = startMs - daysAgo * 86_400_000
    return {
      userId,
      country,
      interests,
      profile: hasProfile ? { userId, name, country, interests, tier, updatedAt, source: 'simulated' } : null,
    }
  })
  return { list, activity: runningSums(list.map((_, i) => (i + 50) ** -0.7)) }
}

function drawInterests(random: Random): string[] {
  const interests: string[] = []
  const count = 1 + random.int(3)
  while (interests.length < count) {
    const { id } = CATEGORIES[random.int(CATEGORIES.length)]!
    if (!interests.includes(id)) interests.push(id)
  }
  return interests
}
