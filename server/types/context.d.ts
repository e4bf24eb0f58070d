import type { AccessInfo } from '../../shared/access.ts'
import type { BrainInfo } from '../../shared/brain.ts'

declare module 'h3' {
  interface H3EventContext {
    /** Who answers; set for every page. */
    brain?: BrainInfo
    /** Who may talk, and who is here; set for every page. */
    access?: AccessInfo
  }
}
