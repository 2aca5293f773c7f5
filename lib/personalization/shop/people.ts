/** The people who shop at the simulated shop: their names and countries. All invented. */

export const FIRST_NAMES = [
  'Ada',
  'Ben',
  'Chiara',
  'David',
  'Elif',
  'Finn',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kaja',
  'Leo',
  'Mila',
  'Noah',
  'Olga',
  'Pavel',
  'Quentin',
  'Rosa',
  'Samir',
  'Tess',
  'Umut',
  'Vera',
  'Wim',
  'Yara',
  'Zoe',
] as const

export const LAST_INITIALS = 'ABCDEFGHIJKLMNOPRSTVWZ'

/** Countries the customers live in, with their share of the customers. Assumption. */
export const COUNTRIES: readonly (readonly [country: string, weight: number])[] = [
  ['DE', 40],
  ['NL', 20],
  ['AT', 12],
  ['FR', 12],
  ['BE', 9],
  ['CH', 7],
]
