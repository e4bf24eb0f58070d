/** What the page is told about who answers, with the page itself (no request of its own). */
export interface BrainInfo {
  brain: 'openai' | 'azure' | 'local'
  model: string
  /** Whether speech can be understood. Typing always works. */
  /** Whether WebRTC calls are answered here: where they aren't, a page that leaves the choice to itself doesn't ask. */
  webrtc?: boolean
  hearing: { able: true, by: string } | { able: false, why: string }
}
