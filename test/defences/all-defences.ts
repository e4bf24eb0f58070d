import { addresses } from './addresses.ts'
import type { Defence } from './defence.ts'
import { framing } from './framing.ts'
import { handshake } from './handshake.ts'
import { messages } from './messages.ts'
import { privacy } from './privacy.ts'
import { signingIn } from './sign-in.ts'
import { upstream } from './upstream.ts'
import { wallet } from './wallet.ts'

/** Every defence that has a test, by theme. */
export const themes: Readonly<Record<string, readonly Defence[]>> = { handshake, 'sign-in': signingIn, framing, messages, wallet, upstream, addresses, privacy }
