/** One defence: what is tried, how the defence is taken away, and who has to notice. */
export interface Defence {
  /** What somebody tries, or what fails, and what has to come of it. */
  row: string
  /** Taken away together: where several layers defend, one alone is not missed. */
  without: readonly Cut[]
  /** Each of them must fail then, in all its cases. */
  tests: readonly NamedTests[]
}

/** A piece of source that stands exactly once in its file, and what stands there when the defence is off. */
export interface Cut {
  /** From the root of the checkout; also of a library, below `node_modules`. */
  file: string
  find: string
  put: string
}

export interface NamedTests {
  file: string
  /** Each is found in the full name of one test at least: the names of its `describe`s and its own, with blanks between. */
  names: readonly string[]
  /** Tests of the same file that have to run before, and may pass: those look at what these did. */
  after?: readonly string[]
}

export const cut = (file: string, find: string, put: string): Cut => ({ file, find, put })

/** The tests of one file, by their names. */
export const testsOf = (file: string) => (...names: string[]): NamedTests => ({ file, names })

/** How often a piece stands in a text. */
export const occurrences = (text: string, piece: string) => text.split(piece).length - 1

/** The text without the defence. @throws where the piece isn't there exactly once */
export function withCut(text: string, { file, find, put }: Cut): string {
  const count = occurrences(text, find)
  if (count !== 1) throw new Error(`${file} has this ${count} times, not once: ${find}`)
  return text.replace(find, () => put)
}
