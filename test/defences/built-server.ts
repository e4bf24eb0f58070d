/** A file of the built server. */
export interface Chunk { path: string, text: string }

/** Lines above and below that may have to stand beside a change until its place is the only one. */
const MAX_CONTEXT = 12
const NAME = /[A-Za-z_$][\w$]*/g
/** What a bundler adds to a name that two modules have. */
const RENAMED = '\\d*(?:\\$\\d+)?'

/**
 * Finds in a bundle, which isn't minified, what changed in one of its modules, and makes the same change there.
 * @param before the module as the bundler got it, without types
 * @param after the same without a defence
 * @returns the chunk as it is then; undefined where the place isn't found for sure: only a new build will do
 */
export function patchBuilt(chunks: readonly Chunk[], before: string, after: string): Chunk | undefined {
  const [old, young] = [bare(before), bare(after)]
  let head = 0
  while (head < Math.min(old.length, young.length) && old[head] === young[head]) head++
  let tail = 0
  while (tail < Math.min(old.length, young.length) - head && old[old.length - 1 - tail] === young[young.length - 1 - tail]) tail++
  for (let context = 0; context <= MAX_CONTEXT; context++) {
    const from = Math.max(0, head - context)
    const keep = Math.max(0, tail - context)
    const sought = old.slice(from, old.length - keep).join('\n')
    // Taking lines in between is a change, too: there has to be something to find.
    if (!sought.trim()) continue
    const found = placesOf(chunks, sought)
    if (found.length === 0) return undefined
    if (found.length === 1) return replaced(found[0]!, sought, young.slice(from, young.length - keep).join('\n'))
  }
  return undefined
}

interface Place { chunk: Chunk, at: number, said: string }

/** Without what a bundle has no more: imports, which may differ as well, and the word `export`. */
const bare = (source: string) => source.replace(/^import\s[^;]*;\n/gm, '').replace(/^export (?=const|let|function|async|class)/gm, '').split('\n')

function placesOf(chunks: readonly Chunk[], sought: string): Place[] {
  const pattern = `^${sought.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/(?<!\\)\b[A-Za-z_][\w]*/g, `$&${RENAMED}`)}$`
  return chunks.flatMap(chunk => [...chunk.text.matchAll(new RegExp(pattern, 'gm'))].map(match => ({ chunk, at: match.index, said: match[0] })))
}

/** With the names that the bundler gave, which have to be the same wherever a name stands. */
function replaced({ chunk, at, said }: Place, sought: string, put: string): Chunk | undefined {
  const [ours, theirs] = [sought.match(NAME) ?? [], said.match(NAME) ?? []]
  const names = new Map<string, string>()
  for (const [index, name] of ours.entries()) {
    const given = theirs[index] ?? name
    if ((names.get(name) ?? given) !== given) return undefined
    names.set(name, given)
  }
  const text = put.replace(NAME, name => names.get(name) ?? name)
  return { path: chunk.path, text: chunk.text.slice(0, at) + text + chunk.text.slice(at + said.length) }
}
