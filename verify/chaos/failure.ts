/** The error that ends a round early. */

/** An invariant did not hold, or something did not happen in its time. */
export class ChaosFailure extends Error {}

/** The fault cannot be made here: the message says why. */
export class ChaosSkipped extends Error {}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
