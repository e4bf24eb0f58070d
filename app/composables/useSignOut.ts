import type { AccessInfo } from '../../shared/access.ts'

/** Who is signed in, for the rail. */
export interface Account { name: string | undefined, /** Signing out did not work; one still is. */ failed: boolean }

const TIMEOUT_MS = 10_000

/** Who is signed in (undefined: nobody has to), and signing out; then the page of sign-in takes this one's place. */
export function useSignOut(person: () => AccessInfo['person']) {
  const failed = shallowRef(false)
  const account = computed<Account | undefined>(() => {
    const who = person()
    return who && who.by !== 'anonymous' ? { name: who.name, failed: failed.value } : undefined
  })

  async function signOut(): Promise<void> {
    failed.value = false
    const answer = await fetch('/api/logout', { method: 'POST', credentials: 'same-origin', signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined)
    // 401: signed out already, elsewhere.
    if (answer?.ok || answer?.status === 401) location.replace('/login')
    else failed.value = true
  }

  return { account, signOut }
}
