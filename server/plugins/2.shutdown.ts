import { subscribe } from 'node:diagnostics_channel'
import { Server } from 'node:http'
import { defineNitroPlugin } from 'nitropack/runtime'
import { instance } from '../realtime/current.ts'
import { cutSlowHandshakes } from '../realtime/slow-handshake.ts'
import { createShutdown } from '../shutdown.ts'

/** Takes shutdown over from Nitro, which would cut every socket (1006) before anyone could say goodbye. */
export default defineNitroPlugin(nitro => {
  if (import.meta.prerender || import.meta.dev) return
  process.env.NITRO_SHUTDOWN_DISABLED = 'true'
  const servers = new Set<Server>()
  // Nitro's entry keeps its server to itself; Node tells of it when it begins to listen.
  subscribe('tracing:net.server.listen:asyncStart', message => {
    const { server } = message as { server: unknown }
    if (!(server instanceof Server) || servers.has(server)) return
    servers.add(server)
    cutSlowHandshakes(server)
  })
  const stop = createShutdown({ instance: instance(), servers, closeRest: () => nitro.hooks.callHook('close'), exit: code => process.exit(code) })
  // Nitro only logs it, and lives on without listening.
  subscribe('tracing:net.server.listen:error', message => {
    const { error } = message as { error: NodeJS.ErrnoException }
    const { host, port } = instance().settings
    const why = error.code === 'EADDRINUSE' ? 'another program listens there' : error.message
    process.stderr.write(`kaiwa: cannot listen on ${host}, port ${port}: ${why}. Set PORT to another one, or stop what is there.\n`)
    process.exit(1)
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal))
})
