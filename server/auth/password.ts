import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'

/** RFC 7914; 32 MiB and about a tenth of a second each. */
const COST: ScryptOptions = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }
const HASH_BYTES = 32
/** At once, so that half of Node's four threads stay for files and names. */
const MAX_AT_ONCE = 2
/** Tries that may wait for that. Full ⇒ `busy`. */
const MAX_WAITING = 16

export interface PasswordCheck {
  /** In constant time for a given guess. `busy`: too many are being checked; nothing was learned. */
  check(guess: string): Promise<'right' | 'wrong' | 'busy'>
}

/** Hashes the operator's password, with a salt of this start, and checks guesses against that. */
export function createPasswordCheck(password: string, cost: ScryptOptions = COST): PasswordCheck {
  const salt = randomBytes(16)
  const hash = (text: string) => new Promise<Buffer>((resolve, reject) => {
    scrypt(text.normalize('NFC'), salt, HASH_BYTES, cost, (error, key) => error ? reject(error) : resolve(key))
  })
  const expected = hash(password)
  // Whoever checks hears of it.
  expected.catch(() => undefined)
  let running = 0
  const waiting: (() => void)[] = []

  async function turn() {
    if (running < MAX_AT_ONCE) return void running++
    // The one who ends hands its place on, so `running` stays.
    await new Promise<void>(resolve => { waiting.push(resolve) })
  }
  function done() {
    const next = waiting.shift()
    if (next) next()
    else running--
  }

  return {
    async check(guess) {
      if (waiting.length >= MAX_WAITING) return 'busy'
      await turn()
      try {
        return timingSafeEqual(await hash(guess), await expected) ? 'right' : 'wrong'
      } finally {
        done()
      }
    },
  }
}
