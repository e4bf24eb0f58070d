import { describe, expect, it } from 'vitest'
import type { McpTool, ToolChoice } from '@kaiwa/protocol'
import { fakeTool } from '../../../test/fakes/fake-mcp.ts'
import { canChoose, isAllowed, needsApproval, offerTools } from '../src/mcp-offer.ts'
import type { McpTarget } from '../src/mcp-offer.ts'

const reads = fakeTool('read', { annotations: { readOnlyHint: true } })
const writes = fakeTool('write')

describe('allowed tools', () => {
  it.each<[McpTool['allowed_tools'], boolean, boolean]>([
    [undefined, true, true], [null, true, true], [[], false, false], [['write'], false, true], [{}, true, true], [{ read_only: true }, true, false],
    [{ read_only: false }, false, true], [{ tool_names: ['read'] }, true, false], [{ read_only: false, tool_names: ['read'] }, false, false],
  ])('%j: the reading one %s, the writing one %s', (allowed, first, second) => {
    expect([isAllowed(allowed, reads), isAllowed(allowed, writes)]).toEqual([first, second])
  })
})

describe('approval', () => {
  it.each<[McpTool['require_approval'], boolean, boolean]>([
    [undefined, true, true], [null, true, true], ['always', true, true], ['never', false, false], [{}, true, true],
    [{ never: { read_only: true } }, false, true], [{ never: {} }, true, true], [{ always: { tool_names: ['write'] } }, false, true],
    [{ always: { tool_names: ['write'] }, never: { tool_names: ['read'] } }, false, true], [{ always: { tool_names: ['read'] }, never: { read_only: true } }, true, true],
  ])('%j: the reading one %s, the writing one %s', (required, first, second) => {
    expect([needsApproval(required, reads), needsApproval(required, writes)]).toEqual([first, second])
  })
})

describe('the offer to the responder', () => {
  const target = (serverLabel: string, name: string): McpTarget => ({ serverLabel, tool: fakeTool(name), needsApproval: false, call: async () => '' })
  const namesOf = (choice: ToolChoice, ...targets: McpTarget[]) => offerTools([{ type: 'function', name: 'f' }, { type: 'mcp', server_label: 'a' }], choice, targets)

  it('has every tool under a name of its own that a chat server takes', () => {
    const { tools, mcp } = namesOf('auto', target('a', 'f'), target('a', 'get.weather/now'), target('b', 'f'), target('b', 'x'.repeat(100)), target('a', 'f!'), target('c', 'f'))
    const names = tools.map(({ name }) => name)
    expect(names).toEqual(['f', 'a_f', 'get_weather_now', 'b_f', 'x'.repeat(64), 'f_', 'c_f'])
    expect(mcp.get('b_f')).toMatchObject({ serverLabel: 'b', tool: { name: 'f' } })
    expect(mcp.has('f')).toBe(false)
  })

  it('is only what was chosen, and a call of that is required', () => {
    const both = [target('a', 'one'), target('a', 'two'), target('b', 'one')]
    expect(namesOf({ type: 'mcp', server_label: 'a' }, ...both)).toMatchObject({ tools: [{ name: 'one' }, { name: 'two' }], toolChoice: 'required' })
    expect(namesOf({ type: 'mcp', server_label: 'a', name: 'two' }, ...both).tools.map(({ name }) => name)).toEqual(['two'])
    expect(canChoose({ type: 'mcp', server_label: 'b', name: 'two' }, both)).toBe(false)
    expect(canChoose({ type: 'mcp', server_label: 'b', name: null }, both)).toBe(true)
  })
})
