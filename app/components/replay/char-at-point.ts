/** Index of the character of `element`'s text that stands at a point of the page; its whole length when none does. */
export function charAtPoint(element: Element, x: number, y: number): number {
  const at = caretAt(element.ownerDocument, x, y)
  const range = element.ownerDocument.createRange()
  range.selectNodeContents(element)
  if (at && element.contains(at.node)) range.setEnd(at.node, at.offset)
  return range.toString().length
}

/** The standard's name, and the one of Safari. */
function caretAt(page: Document, x: number, y: number): { node: Node, offset: number } | undefined {
  const position = page.caretPositionFromPoint?.(x, y)
  if (position) return { node: position.offsetNode, offset: position.offset }
  const range = page.caretRangeFromPoint?.(x, y)
  return range ? { node: range.startContainer, offset: range.startOffset } : undefined
}
