import type { AccessInfo } from '../../../shared/access.ts'

/** Nobody can do anything here before signing in, where there is a way to. */
export const mustSignIn = ({ person }: Pick<AccessInfo, 'person'>) => person === undefined
