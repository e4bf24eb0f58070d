/**
 * Who is at the other end: what calls are counted by, what money is charged to, what sign-out ends. Programs count as persons
 * of their own. `id` is undefined for somebody who can't be told apart from others (this machine's own, without sign-in).
 */
export type Person
  = | { by: 'anonymous', /** By network address. */ id: string | undefined }
    | { by: 'password' | 'oidc', id: string, /** One sign-in; signing out ends it and its sockets. */ signInId: string, /** As the provider calls them. */ name: string | undefined }
    | { by: 'token', id: string, /** The token's name. */ name: string }

/** The same person, whichever of their browsers it is. */
export const isSamePerson = (one: Person, other: Person) => one.by === other.by && one.id === other.id
