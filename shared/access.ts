/** What the page is told about who may talk, and who it is, with the page itself (no request of its own). */
export interface AccessInfo {
  /** `needed`: nobody talks without. The ways are those that the operator set up, in the order to offer them. */
  signIn: { needed: boolean, ways: ('password' | 'oidc')[] }
  /** Undefined: has to sign in first. The name is the provider's, where there is one. */
  person: { name: string | undefined, by: 'anonymous' | 'password' | 'oidc' } | undefined
  /** Sees what everyone spends. */
  operator?: boolean
}

/** Answer of `GET /api/me`: 200 with the person; 401 with the refusal's `error` beside `sign_in`. */
export interface MeAnswer {
  person: { name: string | null, by: 'anonymous' | 'password' | 'oidc' }
  sign_in: { needed: boolean, ways: ('password' | 'oidc')[] }
}

/** `/login?error=<code>`: why signing in at the provider did not work. */
export type SignInTrouble = 'provider_unreachable' | 'sign_in_expired' | 'sign_in_refused' | 'sign_in_failed' | 'not_allowed'
