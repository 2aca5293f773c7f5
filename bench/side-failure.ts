/** The error of a benchmark whose program failed. It is not an error of the library, so it is not in its table. */
export class SideFailure extends Error {
  override readonly name = 'BENCH_SIDE_FAILED'
}
