/**
 * Who is at the other end: what calls are counted by, what money is charged to, what sign-out ends. Programs count as persons
 * of their own. `id` is undefined for somebody who can't be told apart from others (this machine's own, without sign-in).
 */
export type Person
  = | { by: 'anonymous', /** By network address. */ id: string | undefined }
    | {
      by: 'password' | 'oidc'
      id: string
      /** One sign-in; signing out ends it and its sockets. */
      signInId: string
      /** As the provider calls them. */
      name: string | undefined
      /** Verified by the provider; what `KAIWA_OIDC_ALLOW` is asked about. */
      email?: string
    }
    | { by: 'token', id: string, /** The token's name. */ name: string }

/** The same person, whichever of their browsers it is. */
export const isSamePerson = (one: Person, other: Person) => one.by === other.by && one.id === other.id

/**
 * The same sign-in. Those who aren't signed in are one: their address may change between two requests (IPv4 and IPv6, or a
 * phone on its way), and a ticket is proof enough.
 */
export const isSameSignIn = (one: Person, other: Person) =>
  isSignedIn(one) && isSignedIn(other) ? isSamePerson(one, other) && one.signInId === other.signInId : one.by === 'anonymous' && other.by === 'anonymous'

const isSignedIn = (person: Person): person is Extract<Person, { signInId: string }> => 'signInId' in person
