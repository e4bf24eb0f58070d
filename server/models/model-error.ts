/** A model can't be had, or isn't what it should be: `message` is for people. */
export class ModelError extends Error {}

/** What the file system says, in words. */
export function describeFileError(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full'
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'the folder can\'t be written to'
  return code ?? (error instanceof Error ? error.message : String(error))
}
