import type { ChainItem, WholeConversation } from './whole-conversation.ts'
import { saidOf } from './conversation-view.ts'

/** A conversation to read. What was said is text and nothing else: whatever Markdown or HTML would make of it is escaped. */
export function toMarkdown({ own, items, calls }: WholeConversation): string {
  const began = new Map(calls.map(call => [call.id, call.beganAtMs]))
  const name = escapedLine(own.personaName ?? 'Kaiwa')
  const head = [
    `# ${escapedLine(own.title ?? 'Conversation')}`,
    [`- Began: ${moment(own.beganAtMs)}`, `- With: ${name}`, ...(own.summary === null ? [] : [`- Summary: ${escapedLine(own.summary)}`])].join('\n'),
  ]
  let call = ''
  const body = items.flatMap(item => {
    const parts = item.callId === call ? [] : [`## ${moment(began.get(item.callId) ?? item.atMs)}`]
    call = item.callId
    const said = passageOf(item, name)
    return said === undefined ? parts : [...parts, said]
  })
  return `${[...head, ...body].join('\n\n')}\n`
}

function passageOf(item: ChainItem, name: string): string | undefined {
  switch (item.kind) {
    case 'function_call': return `**Tool ${code(item.name ?? '')}**\n\n${fenced(item.text)}`
    case 'function_call_output': return `**Result**\n\n${fenced(item.text)}`
    case 'other': return item.text === '' ? undefined : fenced(item.text)
    case 'message': return item.role === 'system' ? undefined : `**${item.role === 'user' ? 'You' : name}**${when(item)}\n\n${wordsOf(item)}`
    default: return item.kind satisfies never
  }
}

function wordsOf(item: ChainItem): string {
  if (item.textState !== 'final') return '*(no text)*'
  const said = escaped(saidOf(item))
  return item.cutAtMs === null ? said : `${said} *(interrupted)*`.trim()
}

const when = ({ span }: ChainItem) => span ? ` (${clock(Math.max(0, span.fromMs))})` : ''
const clock = (ms: number) => `${Math.floor(ms / 60_000)}:${String(Math.floor(ms / 1000) % 60).padStart(2, '0')}`
const moment = (atMs: number) => new Date(atMs).toISOString().replace('T', ' ').replace(/:\d\d\.\d+Z$/, ' UTC')

/** Signs that mean something in the middle of a line, and those that do at its beginning (CommonMark; tables and HTML). */
const escaped = (text: string) => text.replace(/[^\P{C}\n]/gu, ' ').replace(/[\\`*_[\]<>&|~$]/g, '\\$&').replace(/^(\s*)([#+\-=]|\d+(?=[.)]))/gm, (_, gap: string, sign: string) =>
  /\d/.test(sign) ? `${gap}${sign}\\` : `${gap}\\${sign}`)
const escapedLine = (text: string) => escaped(text.replace(/[\p{C}\s]+/gu, ' ').trim())

const code = (text: string) => `\`${text.replace(/[`\p{C}\s]+/gu, ' ').trim()}\``

/** Whatever is in it ends no fence before its end. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(run => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${text.replace(/[^\P{C}\n\t]/gu, ' ')}\n${fence}`
}
