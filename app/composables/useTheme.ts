/** The theme somebody chose, in a cookie so that the server's page already has it; unset: as the system says. */
export function useTheme() {
  const chosen = useCookie<'light' | 'dark' | undefined>('kaiwa-theme', { sameSite: 'lax', maxAge: 60 * 60 * 24 * 365, path: '/' })
  useHead({ htmlAttrs: { 'data-theme': () => chosen.value === 'light' || chosen.value === 'dark' ? chosen.value : undefined } })

  function toggle(): void {
    const dark = chosen.value ? chosen.value === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
    chosen.value = dark ? 'light' : 'dark'
  }

  return { toggle }
}
