import type { AccessInfo } from '../../../shared/access.ts'

/** Nobody can do anything here before signing in. */
export const mustSignIn = ({ signIn, person }: AccessInfo) => signIn.needed && person === undefined
