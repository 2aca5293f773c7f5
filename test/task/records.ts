/** What tests of failures make records of, and read headers with. */

export const text = (value: string | null) => (value === null ? null : Buffer.from(value))

export const record = (key: string | null, value: string | null, timestamp = 7) => ({
  key: text(key),
  value: text(value),
  timestamp,
})

export const headerText = (headers: readonly { key: string; value: Buffer | null }[]) =>
  Object.fromEntries(headers.map(({ key, value }) => [key, value?.toString()]))
