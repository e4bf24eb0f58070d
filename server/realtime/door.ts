export default function door() {
  return { async handleUpgrade(_req: unknown, socket: { destroy(): void }) { socket.destroy() } }
}
