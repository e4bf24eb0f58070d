/** Closes a switch: a new case is a compile error here; at run time an unknown one is left alone by the caller's default. */
export function assertNever(value: never): never {
  throw new Error(`Unexpected case: ${JSON.stringify(value)}`)
}
