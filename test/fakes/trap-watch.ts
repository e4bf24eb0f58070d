/** Counts what reaches the process's last resort while a test runs: there must be nothing. */
export function watchTrap() {
  const caught: unknown[] = []
  const note = (error: unknown) => { caught.push(error) }
  process.on('uncaughtException', note)
  process.on('unhandledRejection', note)
  return {
    caught,
    stop() {
      process.off('uncaughtException', note)
      process.off('unhandledRejection', note)
    },
  }
}
