import { cut, testsOf, type Defence } from './defence.ts'

const reach = 'server/engine/mcp-reach.ts'
const fetching = 'server/engine/mcp-fetch.ts'
const client = testsOf('test/unit/server/engine/mcp-client.test.ts')
const reaching = testsOf('test/unit/server/engine/mcp-reach.test.ts')

/** What a client may have this server call. */
export const addresses: readonly Defence[] = [
  {
    row: 'an address of the inside: 127.0.0.1, ::1, 169.254.169.254, 10/8, fd00::/8, 0.0.0.0 → blocked',
    without: [cut(reach, 'if (isIP(name) !== 0 && !isPublicAddress(name)) throw', 'if (false) throw')],
    tests: [client('doesn\'t call https://127.0.0.1/mcp', 'doesn\'t call https://[::ffff:127.0.0.1]/mcp', 'doesn\'t call https://169.254.169.254/latest')],
  },
  {
    row: 'each range that isn\'t public → blocked',
    without: [cut(reach, 'for (const [network, prefix] of ranges) notPublic.addSubnet(network, prefix, \'ipv4\')', 'void ranges')],
    tests: [reaching('is not: "10.1.2.3"', 'is not: "169.254.169.254"', 'is not: "127.0.0.1"', 'is not: "0.0.0.0"', 'is not: "168.63.129.16"')],
  },
  {
    row: 'each range of IPv6 that isn\'t public → blocked',
    without: [cut(reach, 'family === 6 && globalUnicast.check(address, \'ipv6\') && !notPublic.check(address, \'ipv6\')', 'family === 6')],
    tests: [reaching('is not: "::1"', 'is not: "::ffff:10.0.0.1"', 'is not: "fd00:ec2::254"', 'is not: "2002:7f00:1::"')],
  },
  {
    row: 'a public name that leads inside → blocked at the moment of connecting',
    without: [cut(reach, 'return all.every(isPublicAddress) ? done', 'return true ? done')],
    tests: [client('doesn\'t call a public name that leads inside')],
  },
  {
    row: 'a redirect → not followed',
    without: [cut(fetching, 'if (status >= 300 && status < 400) {', 'if (false) {')],
    tests: [client('redirects: not followed, wherever to')],
  },
  {
    row: 'file:, gopher:, http: → blocked',
    without: [
      cut(reach, 'if (!/^https?:$/.test(url.protocol)) throw', 'if (false) throw'),
      cut(reach, 'if (url.protocol !== \'https:\') throw', 'if (false) throw'),
    ],
    tests: [client('doesn\'t call http://example.org/mcp', 'doesn\'t call ftp://example.org/')],
  },
  {
    row: 'a name and password in an address → blocked',
    without: [cut(reach, 'if (url.username || url.password) throw', 'if (false) throw')],
    tests: [client('doesn\'t call https://user:word@example.org/')],
  },
  {
    row: 'an answer without end → cut; layers: the bytes that come, and the result that they make',
    without: [
      cut(fetching, 'if (bytes <= MAX_ANSWER_BYTES) return', 'if (true) return'),
      cut('server/engine/mcp-client.ts', 'if (Buffer.byteLength(output) > MAX_RESULT_BYTES) throw', 'if (false) throw'),
    ],
    tests: [client('refuses a result without measure: say_much', 'refuses a result without measure: say_too_much')],
  },
]
