import { z } from 'zod'

/** Hosts on which only this machine can reach us. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i
export const isLoopbackHost = (host: string) => LOOPBACK.test(host)

export type Environment = Readonly<Record<string, string | undefined>>

/** One sentence for the operator: the variable, what it got (never a secret's value), what it takes. */
export class SettingsError extends Error {}

/** What a variable takes, in words and as a parser. */
export interface Kind<T> { takes: string, parse(text: string): T | undefined, /** Never shown in a message. */ secret?: true }

const fromSchema = <T>(takes: string, schema: z.ZodType<T>): Kind<T> => ({ takes, parse: text => schema.safeParse(text).data })
export const integer = (min: number, max: number) => fromSchema(`a whole number from ${min} to ${max}`,
  z.string().regex(/^\d{1,9}$/).transform(Number).pipe(z.number().min(min).max(max)))
export const dollars = fromSchema('an amount in US dollars such as 2.50, more than 0',
  z.string().regex(/^\d{1,9}(\.\d{1,6})?$/).transform(Number).pipe(z.number().gt(0)))
export const oneOf = <const T extends string>(values: readonly T[]) => fromSchema(values.map(v => `\`${v}\``).join(', '), z.enum(values))
export const boolean: Kind<boolean> = { takes: '`true` or `false`', parse: text => ({ true: true, false: false })[text.toLowerCase()] }
export const word = (takes: string) => fromSchema(takes, z.string().regex(/^[\w.:@/-]{1,128}$/))
export const httpUrl = (takes: string): Kind<URL> => ({
  takes,
  parse(text) {
    const url = URL.canParse(text) ? new URL(text) : undefined
    return url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash ? url : undefined
  },
})
export const secret = (takes: string): Kind<string> => ({ ...fromSchema(takes, z.string().regex(/^[\x21-\x7e]{1,4096}$/)), secret: true })
export const host: Kind<string> = fromSchema('a host name or an IP address', z.string().regex(/^[\w.:-]{1,253}$/))
/** Carries a password, so it is never shown. */
export const postgresUrl: Kind<string> = {
  takes: 'a PostgreSQL address such as postgres://user:password@host:5432/database',
  parse: text => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text) ? text : undefined,
  secret: true,
}
/** A path of a file or folder. */
export const path = (takes: string) => fromSchema(takes, z.string().max(4096))
/** Parts between commas, each of them taken by `part`; none of them empty. */
export const listOf = <T>(part: Kind<T>, takes: string): Kind<T[]> => ({
  takes,
  ...(part.secret && { secret: true as const }),
  parse(text) {
    const parts = text.split(',').map(piece => part.parse(piece.trim()))
    return parts.every(piece => piece !== undefined) ? parts : undefined
  },
})

export type Read = ReturnType<typeof reader>

/** Reads one variable: its value, or the fallback when it is unset or empty. @throws SettingsError */
export function reader(env: Environment) {
  return function read<T, D extends T | undefined>(name: string, kind: Kind<T>, fallback: D): T | D {
    const text = env[name]?.trim()
    if (!text) return fallback
    return kind.parse(text) ?? refuse(name, text, kind)
  }
}

function refuse(name: string, got: string, kind: Kind<unknown>): never {
  throw new SettingsError(`${name} is ${kind.secret ? 'not usable (its value is not shown)' : JSON.stringify(got)}; it takes ${kind.takes}.`)
}
