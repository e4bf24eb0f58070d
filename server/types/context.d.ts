import type { BrainInfo } from '../../shared/brain.ts'

declare module 'h3' {
  interface H3EventContext {
    /** Who answers; set for every page. */
    brain?: BrainInfo
  }
}
