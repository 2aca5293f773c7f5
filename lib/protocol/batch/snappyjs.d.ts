/** The one function used of snappyjs, which ships no types. */
declare module 'snappyjs' {
  export function compress(uncompressed: Buffer): Buffer
}
