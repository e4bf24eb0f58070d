/** How far what was recognised is from what was said. */

/** Words to insert, delete or replace (Levenshtein, by words). */
export function wrongWords(said: string, heard: string): number {
  const words = heard.split(' ').filter(Boolean)
  let row = Array.from({ length: words.length + 1 }, (_, j) => j)
  for (const [i, word] of said.split(' ').entries()) {
    const next = [i + 1]
    for (const [j, other] of words.entries()) next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (word === other ? 0 : 1)))
    row = next
  }
  return row.at(-1)!
}

/** Share of the words said. More than 1 when much is heard that nobody said. */
export function errorRate(pairs: readonly { said: string, heard: string }[]): number {
  return pairs.reduce((sum, { said, heard }) => sum + wrongWords(said, heard), 0) / pairs.reduce((sum, { said }) => sum + said.split(' ').length, 0)
}
