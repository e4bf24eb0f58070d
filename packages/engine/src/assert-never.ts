/** Closes a switch over a union: a new member makes the compiler list every place to decide. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected: ${JSON.stringify(value)}`)
}
