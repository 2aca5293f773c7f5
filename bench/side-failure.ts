/** A benchmark could not be carried out: a program under measurement failed. No error of the library, so not in its table. */
export class SideFailure extends Error {
  override readonly name = 'BENCH_SIDE_FAILED'
}
