/** A part of a name; longer titles are cut. */
const MAX_CHARS = 60

/**
 * `Content-Disposition` of a file that is to be saved (RFC 6266, RFC 8187). No sign that a system refuses, no path, no name that Windows
 * keeps for itself, nothing that would end the header.
 */
export function asFile(of: string, title: string | null, atMs: number, ending: string): [name: string, value: string] {
  const day = new Date(atMs).toISOString().slice(0, 10)
  const words = slug(title ?? '')
  const name = [of, day, ...(words === '' ? [] : [words])].join('-')
  const plain = [of, day, ...(/^[\x20-\x7e]+$/.test(words) ? [words] : [])].join('-')
  const encoded = encodeURIComponent(name).replace(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  return ['Content-Disposition', `attachment; filename="${plain}.${ending}"; filename*=UTF-8''${encoded}.${ending}`]
}

const slug = (title: string) => [...title.toWellFormed().normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')]
  .slice(0, MAX_CHARS).join('').replace(/^-+|-+$/g, '')
