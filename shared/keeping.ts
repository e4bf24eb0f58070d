/** What the page is told about what this server keeps of conversations, with the page itself (no request of its own). */
export interface KeepingInfo {
  /** `text`: no voices. `none`: nothing at all. */
  keeps: 'all' | 'text' | 'none'
  /** After which it is deleted; 0: never. */
  days: number
}
